import Glibc

/// Cuts a stream of bytes into whole lines, whatever the pieces in which the bytes arrive.
struct LineSplitter: Sendable {
  /// A line longer than this is broken, so that a stream without newlines cannot fill the memory.
  static let longestLine = 64 * 1024

  private var unfinished: [UInt8] = []

  /// Takes in the next bytes and calls `body` with each line that they complete, newline included.
  mutating func append(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    var start = 0
    while let end = bytes.offset(pastNewlineFrom: start) {
      emit(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), body)
      start = end
    }
    unfinished.append(contentsOf: bytes[start...])
    if unfinished.count >= Self.longestLine { finish(body) }
  }

  /// Completes the last line, where the stream ended or ran on without a newline.
  mutating func finish(_ body: (UnsafeRawBufferPointer) -> Void) {
    guard !unfinished.isEmpty else { return }
    unfinished.append(newline)
    unfinished.withUnsafeBytes(body)
    unfinished.removeAll(keepingCapacity: true)
  }

  private mutating func emit(_ ending: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    guard !unfinished.isEmpty else { return body(ending) }
    unfinished.append(contentsOf: ending)
    unfinished.withUnsafeBytes(body)
    unfinished.removeAll(keepingCapacity: true)
  }
}

/// The byte that ends a line.
let newline = UInt8(ascii: "\n")

extension UnsafeRawBufferPointer {
  /// The offset just behind the first newline at or after `start`, if there is one.
  func offset(pastNewlineFrom start: Int) -> Int? {
    guard let baseAddress, start < count else { return nil }
    guard let found = memchr(baseAddress + start, CInt(newline), count - start) else { return nil }
    return UnsafeRawPointer(found) - baseAddress + 1
  }
}
