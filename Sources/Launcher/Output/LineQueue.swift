/// Lines that wait for a slow reader, handed out in pieces that a pipe takes whole.
struct LineQueue: Sendable {
  /// Up to this many bytes (PIPE_BUF) a write to a pipe neither blocks, once the pipe is writable, nor mixes with others'.
  static let longestWrite = 4096

  private var bytes: [UInt8] = []
  private var start = 0

  /// How many bytes wait.
  var count: Int { bytes.count - start }

  /// Adds one line, in front of it the prefix.
  mutating func append(_ line: UnsafeRawBufferPointer, prefix: [UInt8]) {
    bytes.append(contentsOf: prefix)
    bytes.append(contentsOf: line)
  }

  /// Hands out as many whole lines as one write may carry, or part of a line longer than that.
  ///
  /// `write` returns how many bytes it took; these leave the queue.
  mutating func writeNext(_ write: (UnsafeRawBufferPointer) -> Int) {
    let end = endOfNextWrite()
    start += bytes.withUnsafeBytes { write(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
    guard start == bytes.count || start >= 1 << 20 else { return }
    bytes.removeFirst(start)
    start = 0
  }

  /// Forgets everything, for a reader that has gone.
  mutating func removeAll() {
    bytes = []
    start = 0
  }

  private func endOfNextWrite() -> Int {
    let limit = min(bytes.count, start + Self.longestWrite)
    let lastNewline = bytes[start..<limit].lastIndex(of: newline)
    return lastNewline.map { $0 + 1 } ?? limit
  }
}
