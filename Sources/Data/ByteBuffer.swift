/// Memory that grows and is used again, so that a picture costs no allocation and no fresh pages.
final class ByteBuffer {
  private var memory: UnsafeMutableBufferPointer<UInt8> = .init(start: nil, count: 0)

  deinit {
    memory.deallocate()
  }

  /// `count` bytes of unknown content, valid until the next call.
  func reserve(_ count: Int) -> UnsafeMutableBufferPointer<UInt8> {
    if memory.count < count {
      memory.deallocate()
      memory = .allocate(capacity: count)
    }
    return UnsafeMutableBufferPointer(rebasing: memory[..<count])
  }
}
