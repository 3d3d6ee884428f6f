internal import Glibc
internal import System

/// Notices the end of the launcher, by whatever means it died.
///
/// The launcher alone holds the other end of a pipe; end-of-file on ours means that it does not run any more.
public enum Lifeline {
  /// The variable that names the descriptor of this process's end.
  public static let variable = "TWINS_LIFELINE_FD"

  /// The descriptor that the environment names, where a launcher has started this process.
  public static func descriptor(_ environment: [String: String]) -> Int32? {
    environment[variable].flatMap { Int32($0) }
  }

  /// Calls `end` on a thread of its own when the launcher is gone.
  public static func watch(_ descriptor: Int32, end: @escaping @Sendable () -> Never) {
    OwnThread.started("lifeline") {
      var byte: UInt8 = 0
      while true {
        let count = read(descriptor, &byte, 1)
        if count == 0 || (count < 0 && errno != EINTR) { end() }
      }
    }.detach()
  }
}
