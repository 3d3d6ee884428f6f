import Foundation
import Recipe

/// Ends this process when the launcher is gone, by whatever means it died.
///
/// The launcher alone holds the other end of a pipe; end-of-file on ours means that it does not run any more.
enum Lifeline {
  /// Watches on a thread of its own; cleans the sockets' folder up, since the launcher cannot.
  static func watch(_ placement: Placement) {
    guard let descriptor = placement.lifeline else { return }
    let folder = placement.socketFolder
    Thread.detachNewThread {
      waitForEnd(of: descriptor)
      if let folder { try? FileManager.default.removeItem(atPath: folder) }
      complain("rank \(placement.rank): the launcher is gone, so this worker ends")
      _exit(ExitCode.software.rawValue)
    }
  }

  private static func waitForEnd(of descriptor: Int32) {
    var byte: UInt8 = 0
    while true {
      let count = read(descriptor, &byte, 1)
      if count == 0 || (count < 0 && errno != EINTR) { return }
    }
  }
}
