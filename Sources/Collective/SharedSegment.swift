internal import Glibc

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
  /// Where the ranks wait for one another, once the first buffer is there.
  var meeting: SharedMeeting?
  /// The number of buffers made so far.
  var buffers = 0

  init(_ memory: RingMeeting.SharedMemory) {
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

    /// All lanes.
    func range(size: Int) -> Range<Int> { lanes..<lanes + laneBytes * size }
  }
}

extension SharedSegment {
  /// Makes the file hold `size` lanes of `count` floats more, and the meeting's page before the first; on rank 0 alone.
  func grow(byFloats count: Int, size: Int) -> (Place, SharedMemoryBudget.Verdict) {
    let end = fileLength.rounded(upTo: Self.page)
    let control = meeting == nil ? SharedMeeting.byteCount(size: size).rounded(upTo: Self.page) : 0
    let bytes = max(1, count) * MemoryLayout<Float>.stride
    let edge = bytes < SharedMapping.largePage ? Self.page : SharedMapping.largePage
    let place = Place(
      control: end, lanes: (end + control).rounded(upTo: edge), laneBytes: bytes.rounded(upTo: edge))
    let lanes = place.range(size: size)
    let budget = SharedMemoryBudget.now(limit: limit)
    var verdict = budget.verdict(used: end, adding: control + lanes.count)
    guard verdict.bound == .none else { return (place, verdict) }
    if !allocate(end..<end + control) || !allocate(lanes) {
      verdict.bound = .kernel
      verdict.allowed = 0
      setLength(end)
    }
    return (place, verdict)
  }

  /// Asks the kernel for every page of `range`, for large ones first; false where it refuses.
  private func allocate(_ range: Range<Int>) -> Bool {
    guard !range.isEmpty else { return true }
    guard setLength(range.upperBound), let mapping = SharedMapping(descriptor, range) else { return false }
    if range.lowerBound.isMultiple(of: SharedMapping.largePage) {
      mapping.makeLargePages(range.count, within: .milliseconds(300))
    }
    mapping.populate(range.count)
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
