internal import CLinux

/// Fresh memory, of large pages where the machine gives them to those who ask.
final class MemoryBlock: Sendable {
  // Safe: only the address is kept here, and it never changes; who may touch the bytes is the owner's affair.
  nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

  private static let largePage = 2 << 20
  private static let smallestPage = 4096

  init(byteCount: Int) {
    bytes = .allocate(byteCount: max(1, byteCount), alignment: Self.largePage)
    if let start = bytes.baseAddress { linux_prefer_large_pages(start, bytes.count) }
  }

  deinit { bytes.deallocate() }

  /// Has the kernel put the pages in place, whoever else writes to them meanwhile: what they hold stays.
  func populate() {
    for start in stride(from: 0, to: bytes.count - 3, by: Self.smallestPage) {
      let word = bytes.baseAddress?.advanced(by: start).assumingMemoryBound(to: UInt32.self)
      linux_touch_word(word)
    }
  }
}
