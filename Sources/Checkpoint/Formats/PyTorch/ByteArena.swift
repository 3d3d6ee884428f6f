/// Memory that is handed out front to back and taken back as a whole.
///
/// Whoever takes the same sizes again gets the same pages again: no page is faulted in or zeroed a second time.
struct ByteArena: ~Copyable {
  private var blocks: [MemoryBlock] = []
  private var current = 0
  private var used = 0
  private let blockSize: Int

  init(blockSize: Int = 64 << 20) {
    self.blockSize = blockSize
  }

  /// The next bytes, at a cache line's start; what they hold is left from earlier.
  mutating func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
    while current < blocks.count {
      let bytes = blocks[current].bytes
      if count <= bytes.count - used {
        defer { used = min(bytes.count, (used + count + 63) / 64 * 64) }
        return UnsafeMutableRawBufferPointer(rebasing: bytes[used..<used + count])
      }
      current += 1
      used = 0
    }
    blocks.append(MemoryBlock(byteCount: max(count, blockSize)))
    return take(count)
  }

  /// Takes everything back; the memory stays.
  mutating func reset() {
    current = 0
    used = 0
  }

  /// Sets the first bytes aside before anyone takes them; nil where there are some already.
  mutating func reserve(_ count: Int) -> MemoryBlock? {
    guard blocks.isEmpty else { return nil }
    let block = MemoryBlock(byteCount: count)
    blocks = [block]
    return block
  }
}
