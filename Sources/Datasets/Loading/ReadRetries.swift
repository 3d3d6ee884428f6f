import Glibc
import System
import SystemPackage

/// How often and after which pauses something is tried again whose failure may pass: a server that is away, a full table.
struct ReadRetries: Sendable {
  /// The pause before each further attempt.
  var pauses: [Duration] = [50, 200, 800, 2000, 4000].map(Duration.milliseconds)
  /// Lets the time pass.
  var wait: @Sendable (Duration) -> Void = { pause in
    usleep(UInt32(pause / .microseconds(1)))
  }
  /// Throws in the place of a read, for tests of what happens then.
  var interrupt: (@Sendable (_ path: FilePath) throws(SystemError) -> Void)?

  /// Does `work` until it succeeds, fails for good or has failed too often; throws its last error.
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
