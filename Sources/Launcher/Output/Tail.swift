/// The last lines of a stream.
struct Tail: Sendable {
  private var lines: [[UInt8]] = []
  private var next = 0
  let capacity: Int

  init(capacity: Int = 20) {
    self.capacity = capacity
  }

  /// Takes in a line, and forgets the oldest one when full.
  mutating func append(_ line: UnsafeRawBufferPointer) {
    guard lines.count == capacity else { return lines.append(Array(line)) }
    // The old line's storage is used again: a flood of lines allocates nothing.
    lines[next].removeAll(keepingCapacity: true)
    lines[next].append(contentsOf: line)
    next = (next + 1) % capacity
  }

  /// The lines as text, oldest first, without their newlines.
  var text: [String] {
    (lines[next...] + lines[..<next]).map { String(decoding: $0.filter { $0 != newline }, as: UTF8.self) }
  }
}
