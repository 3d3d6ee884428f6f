import Foundation

/// Standard output of a run: rank 0 speaks, the other ranks are silent, as in the reference.
struct Voice {
  let speaks: Bool

  /// Prints a line at once, also into a pipe.
  func say(_ line: @autoclosure () -> String) {
    guard speaks else { return }
    print(line())
    fflush(nil)  // every stream: `stdout` itself is a mutable global
  }
}

/// Writes a line about this program to standard error.
func complain(_ line: String) {
  // Not through `FileHandle`, which traps when the reader is gone, as it is when the launcher was killed.
  var rest = Array("twins-worker: \(line)\n".utf8)[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { return }
    rest = rest.dropFirst(count)
  }
}
