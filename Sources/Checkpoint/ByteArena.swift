/// Memory that is handed out front to back and taken back as a whole.
///
/// Whoever takes the same sizes again gets the same pages again: no page is faulted in or zeroed a second time.
struct ByteArena: ~Copyable {
  private var blocks: [UnsafeMutableRawBufferPointer] = []
  private var current = 0
  private var used = 0
  private let blockSize: Int

  init(blockSize: Int = 64 << 20) {
    self.blockSize = blockSize
  }

  deinit {
    for block in blocks { block.deallocate() }
  }

  /// The next bytes, at a cache line's start; what they hold is left from earlier.
  mutating func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
    while current < blocks.count {
      if count <= blocks[current].count - used {
        defer { used = min(blocks[current].count, (used + count + 63) / 64 * 64) }
        return UnsafeMutableRawBufferPointer(rebasing: blocks[current][used..<used + count])
      }
      current += 1
      used = 0
    }
    blocks.append(.allocate(byteCount: max(count, blockSize), alignment: 64))
    return take(count)
  }

  /// Takes everything back; the memory stays.
  mutating func reset() {
    current = 0
    used = 0
  }
}
