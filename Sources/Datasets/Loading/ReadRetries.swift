import Glibc
import System
import SystemPackage

/// How often, and after which pauses, to retry after a transient failure, such as an unreachable server or a
/// full table.
struct ReadRetries: Sendable {
  /// The pause before each retry.
  var pauses: [Duration] = [50, 200, 800, 2000, 4000].map(Duration.milliseconds)
  /// Waits for a duration.
  var wait: @Sendable (Duration) -> Void = { pause in
    usleep(UInt32(pause / .microseconds(1)))
  }
  /// Throws in place of a read, in tests.
  var interrupt: (@Sendable (_ path: FilePath) throws(SystemError) -> Void)?

  /// Runs `work` until it succeeds, fails permanently or has used all retries; throws the last error.
  func keepTrying<Result>(_ work: () throws(SystemError) -> Result) throws(SystemError) -> Result {
    for pause in pauses {
      do throws(SystemError) {
        return try work()
      } catch {
        guard error.isTransient else { throw error }
      }
      wait(pause)
    }
    return try work()
  }
}
