internal import CLinux
internal import Glibc
internal import System

/// Fresh memory, of large pages where the machine gives them to those who ask.
final class MemoryBlock: Sendable {
  // Safe: only the address is kept here, and it never changes; who may touch the bytes is the owner's affair.
  nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

  private static let largePage = 2 << 20
  private static let smallestPage = 4096

  init(byteCount: Int) {
    var start: UnsafeMutableRawPointer?
    guard posix_memalign(&start, Self.largePage, max(1, byteCount)) == 0, let start else {
      Shortage(.memory, for: "\(byteCount) bytes of a checkpoint").end()
    }
    bytes = UnsafeMutableRawBufferPointer(start: start, count: max(1, byteCount))
    linux_prefer_large_pages(start, bytes.count)
  }

  deinit { free(bytes.baseAddress) }

  /// Has the kernel put the pages in place, whoever else writes to them meanwhile: what they hold stays.
  func populate() {
    for start in stride(from: 0, to: bytes.count - 3, by: Self.smallestPage) {
      let word = bytes.baseAddress?.advanced(by: start).assumingMemoryBound(to: UInt32.self)
      linux_touch_word(word)
    }
  }
}
