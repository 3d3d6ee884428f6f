internal import System

/// One rank's buffers in memory that all ranks of the host share, with the barrier at which these ranks meet.
final class SharedBuffers {
  /// What happens to a buffer that does not fit: true sends its floats over sockets and sets ``note``; false
  /// fails on every rank.
  let orElseSockets: Bool
  /// The barrier of all buffers; nil until the first buffer has been made.
  private(set) var barrier: SharedBarrier?
  /// Why a buffer is not in shared memory, as a sentence; nil where all are.
  private(set) var note: String?
  private let segment: SharedSegment
  /// The number of buffers made so far.
  private var count = 0

  /// Places buffers in an inherited memory file; every rank must do so.
  init(in memory: RingRendezvous.SharedMemory, orElseSockets: Bool) {
    segment = SharedSegment(memory)
    self.orElseSockets = orElseSockets
  }

  /// Makes room for a buffer of all ranks; only rank 0 calls it.
  func offer(floats: Int, size: Int) -> MemoryOffer {
    MemoryOffer(segment.grow(byFloats: floats, size: size, forBarrier: barrier == nil))
  }

  /// A number that identifies this rank's file; 0 where it has none.
  var identity: UInt64 { segment.identity }

  /// Sets ``note`` because a buffer does not fit.
  func noteShortage(_ verdict: SharedMemoryBudget.Verdict) {
    note = "gradients travel over sockets, not through shared memory: \(verdict)"
  }

  /// Makes the buffer at the place on which all ranks have agreed.
  func make(
    floats: Int, at place: SharedSegment.Place, rank: Int, size: Int
  ) throws(CollectiveError) -> SymmetricBuffer {
    if barrier == nil {
      let page = try mapped(place.control..<place.control + SharedBarrier.byteCount(size: size), rank: rank)
      barrier = SharedBarrier(in: page, rank: rank, size: size)
    }
    let memory = try mapped(place.range(size: size), prefersLargePages: place.hasLargePages, rank: rank)
    // The pages exist already; mapping them at once saves a page fault each on first use. Of the other lanes
    // this rank touches only its own blocks: to map them whole would cost every rank time and page tables for
    // all ranks' memory.
    memory.populate(place.laneBytes * rank..<place.laneBytes * (rank + 1))
    let lanes = (0..<size).map {
      (memory.start + place.laneBytes * $0).assumingMemoryBound(to: Float.self)
    }
    count += 1
    return SymmetricBuffer(count: floats, rank: rank, lanes: lanes, number: count, keeping: memory)
  }

  private func mapped(
    _ range: Range<Int>, prefersLargePages: Bool = false, rank: Int
  ) throws(CollectiveError) -> SharedMapping {
    guard let mapping = SharedMapping(segment.descriptor, range, prefersLargePages: prefersLargePages) else {
      throw .limit(Shortage(.memory, for: "\(range.count) bytes that rank \(rank) shares with the others"))
    }
    return mapping
  }
}

/// What rank 0 tells the others about room for a buffer.
struct MemoryOffer {
  var place = SharedSegment.Place(control: 0, lanes: 0, laneBytes: 0)
  var verdict = SharedMemoryBudget.Verdict(needed: 0, allowed: 0, bound: .none)

  init() {}

  init(_ grown: (SharedSegment.Place, SharedMemoryBudget.Verdict)) { (place, verdict) = grown }

  init(words: [UInt64]) {
    place = SharedSegment.Place(control: Int(words[0]), lanes: Int(words[1]), laneBytes: Int(words[2]))
    verdict = SharedMemoryBudget.Verdict(
      needed: Int(words[3]), allowed: Int(words[4]),
      bound: SharedMemoryBudget.Bound(rawValue: words[5]) ?? .kernel)
  }

  var words: [UInt64] {
    [place.control, place.lanes, place.laneBytes, verdict.needed, verdict.allowed].map(UInt64.init)
      + [verdict.bound.rawValue]
  }
}
