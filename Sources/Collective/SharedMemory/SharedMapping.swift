internal import CLinux
internal import Glibc

/// A part of a file in memory, seen at an address of this process for as long as the object lives.
final class SharedMapping: Sendable {
  // Safe: only the addresses are kept here, and they never change.
  nonisolated(unsafe) let start: UnsafeMutableRawPointer
  nonisolated(unsafe) private let reserved: UnsafeMutableRawPointer
  private let reservedCount: Int

  /// The size of a large page, and the edge on which a mapping must lie to have some.
  static let largePage = 2 << 20

  /// Maps `range` of the file; its start lies on a page's edge.
  init?(_ descriptor: Int32, _ range: Range<Int>, prefersLargePages: Bool) {
    // A large page needs the same place within 2 MiB in the file and in memory; the kernel promises that to nobody.
    reservedCount = range.count + Self.largePage
    guard let place = mmap(nil, reservedCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      place != MAP_FAILED
    else { return nil }
    reserved = place
    let shift = (range.lowerBound - Int(bitPattern: place)).modulo(Self.largePage)
    let wanted = place + shift
    let flags = MAP_SHARED | MAP_FIXED
    guard mmap(wanted, range.count, PROT_READ | PROT_WRITE, flags, descriptor, range.lowerBound) == wanted
    else {
      munmap(place, reservedCount)
      return nil
    }
    start = wanted
    if prefersLargePages { linux_prefer_large_pages(wanted, range.count) }
  }

  /// Has the file made of large pages, which save most of the time that small ones take to make and to map.
  ///
  /// - Parameter end: When to leave it: a machine whose memory is in pieces moves them about first.
  func makeLargePages(_ count: Int, until end: ContinuousClock.Instant) {
    for offset in stride(from: 0, to: count - Self.largePage + 1, by: Self.largePage) {
      guard linux_make_large_page(start + offset) == 0, ContinuousClock.now < end else { return }
    }
  }

  /// Puts the pages of a range of bytes in place, which lies on edges of pages, at once.
  func populate(_ range: Range<Int>) { linux_populate(start + range.lowerBound, range.count) }

  deinit { munmap(reserved, reservedCount) }
}
