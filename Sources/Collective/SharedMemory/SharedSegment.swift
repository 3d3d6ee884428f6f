internal import CLinux
internal import Glibc
internal import System

/// The memory that all ranks of a host share: a file without a name, which every rank has inherited.
///
/// Only rank 0 makes it grow, and only by pages that the kernel has already allocated, so that no later
/// access can run out of memory. The file lives until the last process that holds it ends, so a crash leaves
/// nothing behind. Buffers lie one after another; a released buffer's place is not reused, since no rank
/// knows when the last one has let go of it.
struct SharedSegment {
  /// The file, which this object does not close.
  let descriptor: Int32
  /// The most bytes that it may grow to.
  let limit: Int?

  init(_ memory: RingRendezvous.SharedMemory) {
    descriptor = memory.descriptor
    limit = memory.limit
  }

  /// A number that identifies this file; 0 where the descriptor is none.
  var identity: UInt64 {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? UInt64(status.st_ino) : 0
  }

  /// Where a buffer lies in the file, in bytes.
  struct Place: Equatable {
    var control: Int
    var lanes: Int
    var laneBytes: Int

    /// Lanes shorter than this, in bytes, use small pages.
    ///
    /// A rank works on its own blocks in all lanes, and a large page holds blocks of many ranks. So with
    /// large pages every rank would map all lanes whole, where mapping its small pages one by one takes a few
    /// milliseconds.
    private static let leastOfLargePages = 32 << 20

    /// Places lanes for `count` floats at `start`, rounded up to a page's edge.
    init(control: Int, from start: Int, floats count: Int, page: Int) {
      let bytes = max(1, count) * MemoryLayout<Float>.stride
      let edge = bytes < Self.leastOfLargePages ? page : SharedMapping.largePage
      self.init(control: control, lanes: start.rounded(upTo: edge), laneBytes: bytes.rounded(upTo: edge))
    }

    init(control: Int, lanes: Int, laneBytes: Int) {
      (self.control, self.lanes, self.laneBytes) = (control, lanes, laneBytes)
    }

    /// Whether the lanes should use large pages.
    var hasLargePages: Bool { laneBytes >= Self.leastOfLargePages }

    /// All lanes.
    func range(size: Int) -> Range<Int> { lanes..<lanes + laneBytes * size }

    /// A rank's lane.
    func lane(of rank: Int) -> Range<Int> { lanes + laneBytes * rank..<lanes + laneBytes * (rank + 1) }
  }
}

extension SharedSegment {
  /// Makes room in the file for `size` more lanes of `count` floats, after the barrier's page if that is
  /// still missing; only rank 0 calls it.
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

  /// Allocates the barrier's page and all lanes; false where the kernel refuses.
  private func allocate(_ control: Range<Int>, _ place: Place, size: Int) -> Bool {
    let end = place.hasLargePages ? ContinuousClock.now + .milliseconds(300) : nil
    // One lane at a time: otherwise all ranks' memory would count towards rank 0's peak.
    return allocate(control) && (0..<size).allSatisfy { allocate(place.lane(of: $0), largePagesUntil: end) }
  }

  /// Allocates every page of `range`, as large pages while there is time; false where the kernel refuses.
  private func allocate(_ range: Range<Int>, largePagesUntil end: ContinuousClock.Instant? = nil) -> Bool {
    guard !range.isEmpty else { return true }
    guard setLength(range.upperBound),
      let mapping = SharedMapping(descriptor, range, prefersLargePages: end != nil)
    else { return false }
    if let end { mapping.makeLargePages(range.count, until: end) }
    mapping.populate(0..<range.count)
    // Older kernels cannot populate; this call allocates what is missing, and its answer counts.
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
  /// Rounds up to a multiple of `unit`.
  func rounded(upTo unit: Int) -> Int { (self + unit - 1) / unit * unit }
}

/// A part of a memory file, mapped for as long as the object lives.
final class SharedMapping: Sendable {
  // Safe: only the addresses are kept here, and they never change.
  nonisolated(unsafe) let start: UnsafeMutableRawPointer
  private let reserved: MappedMemory

  /// The size of a large page, and the alignment that it needs.
  static let largePage = 2 << 20

  /// Maps `range` of the file, which must start on a page's edge.
  init?(_ descriptor: Int32, _ range: Range<Int>, prefersLargePages: Bool) {
    // A large page needs equal offsets within 2 MiB in the file and in memory, which mmap alone does not
    // guarantee.
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

  /// Makes large pages in the file: most of the time to allocate and map small ones is saved.
  ///
  /// - Parameter end: When to stop: on a machine with fragmented memory the kernel first moves pages about.
  func makeLargePages(_ count: Int, until end: ContinuousClock.Instant) {
    for offset in stride(from: 0, to: count - Self.largePage + 1, by: Self.largePage) {
      guard linux_make_large_page(start + offset) == 0, ContinuousClock.now < end else { return }
    }
  }

  /// Maps the pages of a byte range, which starts and ends at pages' edges, at once.
  func populate(_ range: Range<Int>) { linux_populate(start + range.lowerBound, range.count) }
}
