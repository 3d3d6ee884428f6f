/// Memory that grows and is used again, so that a picture costs no allocation and no fresh pages.
final class ReusedBuffer<Element: BitwiseCopyable> {
  private var memory: UnsafeMutableBufferPointer<Element> = .init(start: nil, count: 0)

  deinit {
    memory.deallocate()
  }

  /// `count` elements of unknown content, valid until the next call.
  func reserve(_ count: Int) -> UnsafeMutableBufferPointer<Element> {
    if memory.count < count {
      memory.deallocate()
      memory = .allocate(capacity: count)
    }
    return UnsafeMutableBufferPointer(rebasing: memory[..<count])
  }
}

/// Reused memory for files and pixels.
typealias ByteBuffer = ReusedBuffer<UInt8>
