internal import Glibc
internal import System

/// Notices the end of the launcher, by whatever means it died.
///
/// The launcher alone holds the other end of a pipe; end-of-file on ours means that it does not run any more.
public enum Lifeline {
  /// Calls `end` on a thread of its own when the launcher is gone, as `descriptor`, this process's end, tells.
  public static func watch(_ descriptor: Int32, end: @escaping @Sendable () -> Never) {
    OwnedThread.started("lifeline") {
      var byte: UInt8 = 0
      while true {
        let count = read(descriptor, &byte, 1)
        if count == 0 || (count < 0 && errno != EINTR) { end() }
      }
    }.detach()
  }
}
