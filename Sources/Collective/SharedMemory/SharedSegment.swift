internal import CLinux
internal import Glibc
internal import System

/// The memory that all ranks of a host see: a file without a name, which every rank has inherited.
///
/// Rank 0 makes it grow, and only by pages that the kernel has given: a page that is touched is always there. The file
/// ends with the last process that holds it, so a crash leaves nothing behind. Buffers lie one after another; the place
/// of a released one is not used again, since nobody knows when the last rank has let go of it.
struct SharedSegment {
  /// The file, which this group does not close.
  let descriptor: Int32
  /// The most bytes that it may grow to.
  let limit: Int?

  init(_ memory: RingRendezvous.SharedMemory) {
    descriptor = memory.descriptor
    limit = memory.limit
  }

  /// What tells this file from all others; 0 where the descriptor is none.
  var identity: UInt64 {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? UInt64(status.st_ino) : 0
  }

  /// The places of a buffer's memory in the file.
  struct Place: Equatable {
    var control: Int
    var lanes: Int
    var laneBytes: Int

    /// Lanes of fewer bytes have small pages.
    ///
    /// A rank works on its own blocks of all lanes, and a large page holds blocks of many ranks: every rank would have the
    /// lanes of all in place, for pages that take a few milliseconds to map one by one.
    private static let leastOfLargePages = 32 << 20

    /// A lane for `count` floats, from `start` on or soon after.
    init(control: Int, from start: Int, floats count: Int, page: Int) {
      let bytes = max(1, count) * MemoryLayout<Float>.stride
      let edge = bytes < Self.leastOfLargePages ? page : SharedMapping.largePage
      self.init(control: control, lanes: start.rounded(upTo: edge), laneBytes: bytes.rounded(upTo: edge))
    }

    init(control: Int, lanes: Int, laneBytes: Int) {
      (self.control, self.lanes, self.laneBytes) = (control, lanes, laneBytes)
    }

    /// Whether the lanes are meant to be of large pages.
    var hasLargePages: Bool { laneBytes >= Self.leastOfLargePages }

    /// All lanes.
    func range(size: Int) -> Range<Int> { lanes..<lanes + laneBytes * size }

    /// A rank's lane.
    func lane(of rank: Int) -> Range<Int> { lanes + laneBytes * rank..<lanes + laneBytes * (rank + 1) }
  }
}

extension SharedSegment {
  /// Makes the file hold `size` lanes of `count` floats more, after the barrier's page where there is none yet; on rank 0
  /// alone.
  func grow(
    byFloats count: Int, size: Int, forBarrier: Bool
  ) -> (Place, SharedMemoryBudget.Verdict) {
    let end = fileLength.rounded(upTo: Self.page)
    let control = forBarrier ? SharedBarrier.byteCount(size: size).rounded(upTo: Self.page) : 0
    let place = Place(control: end, from: end + control, floats: count, page: Self.page)
    let lanes = place.range(size: size)
    let budget = SharedMemoryBudget.now(limit: limit)
    var verdict = budget.verdict(used: end, adding: control + lanes.count)
    guard verdict.bound == .none else { return (place, verdict) }
    if !allocate(end..<end + control, place, size: size) {
      verdict.bound = .kernel
      verdict.allowed = 0
      setLength(end)
    }
    return (place, verdict)
  }

  /// Asks the kernel for the barrier's page and all lanes; false where it refuses.
  private func allocate(_ control: Range<Int>, _ place: Place, size: Int) -> Bool {
    let end = place.hasLargePages ? ContinuousClock.now + .milliseconds(300) : nil
    // One after the other: rank 0 need never hold the memory of all, as its own peak would tell.
    return allocate(control) && (0..<size).allSatisfy { allocate(place.lane(of: $0), largePagesUntil: end) }
  }

  /// Asks the kernel for every page of `range`, for large ones first where they are wanted; false where it refuses.
  private func allocate(_ range: Range<Int>, largePagesUntil end: ContinuousClock.Instant? = nil) -> Bool {
    guard !range.isEmpty else { return true }
    guard setLength(range.upperBound),
      let mapping = SharedMapping(descriptor, range, prefersLargePages: end != nil)
    else { return false }
    if let end { mapping.makeLargePages(range.count, until: end) }
    mapping.populate(0..<range.count)
    // Older kernels cannot populate; this gives what is not there yet, and is the answer that counts.
    var status: Int32
    repeat { status = posix_fallocate(descriptor, range.lowerBound, range.count) } while status == EINTR
    return status == 0
  }

  @discardableResult private func setLength(_ length: Int) -> Bool {
    while ftruncate(descriptor, length) != 0 { if errno != EINTR { return false } }
    return true
  }

  private var fileLength: Int {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? status.st_size : 0
  }

  private static var page: Int { sysconf(Int32(_SC_PAGESIZE)) }
}

extension Int {
  /// The next multiple of `unit`.
  func rounded(upTo unit: Int) -> Int { (self + unit - 1) / unit * unit }
}

/// A part of a file in memory, seen at an address of this process for as long as the object lives.
final class SharedMapping: Sendable {
  // Safe: only the addresses are kept here, and they never change.
  nonisolated(unsafe) let start: UnsafeMutableRawPointer
  private let reserved: MappedMemory

  /// The size of a large page, and the edge on which a mapping must lie to have some.
  static let largePage = 2 << 20

  /// Maps `range` of the file; its start lies on a page's edge.
  init?(_ descriptor: Int32, _ range: Range<Int>, prefersLargePages: Bool) {
    // A large page needs the same place within 2 MiB in the file and in memory; the kernel promises that to nobody.
    guard let reserved = MappedMemory(reserving: range.count + Self.largePage) else { return nil }
    let shift = (range.lowerBound - Int(bitPattern: reserved.start)).modulo(Self.largePage)
    let wanted = reserved.start + shift
    let flags = MAP_SHARED | MAP_FIXED
    guard mmap(wanted, range.count, PROT_READ | PROT_WRITE, flags, descriptor, range.lowerBound) == wanted
    else { return nil }
    self.reserved = reserved
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
}
