import Foundation
import System

/// Standard output of a run: rank 0 speaks, the other ranks are silent, as in the reference.
struct Console {
  let speaks: Bool

  /// Prints a line at once, also into a pipe; nothing in it commands a terminal.
  func print(_ line: @autoclosure () -> String) {
    guard speaks else { return }
    System.print(maskedLines(line()))
    fflush(nil)  // every stream: `stdout` itself is a mutable global
  }
}

extension Console {
  /// Writes a line about this program to standard error, masked likewise.
  static func warn(_ line: String) {
    // Not through `FileHandle`, which traps when the reader is gone, as it is when the launcher was killed.
    Array("twins-worker: \(Signs.ofThisProcess.spelled(maskedLines(line)))\n".utf8).withUnsafeBytes {
      _ = writeAll($0, to: STDERR_FILENO)
    }
  }
}
