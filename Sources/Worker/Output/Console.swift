import Foundation
import System

/// A run's standard output: rank 0 prints, the other ranks are silent, as in the reference.
struct Console {
  let speaks: Bool

  /// Prints a line at once, also into a pipe, with terminal control characters masked.
  func print(_ line: @autoclosure () -> String) {
    guard speaks else { return }
    System.print(maskedLines(line()))
    fflush(nil)  // every stream: `stdout` itself is a mutable global
  }
}

extension Console {
  /// Writes a line to standard error, named after this program and masked likewise.
  static func warn(_ line: String) {
    // Not through `FileHandle`, which traps if the reader is gone, as when the launcher was killed.
    Array("twins-worker: \(Signs.ofThisProcess.spelled(maskedLines(line)))\n".utf8).withUnsafeBytes {
      _ = writeAll($0, to: STDERR_FILENO)
    }
  }
}
