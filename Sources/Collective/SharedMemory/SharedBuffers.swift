internal import System

/// The buffers of one rank that lie in memory which all ranks of the host see, and where these ranks meet.
final class SharedBuffers {
  /// What becomes of a buffer that does not fit: true lets its floats travel over the sockets, with a ``note``; false
  /// fails on every rank.
  let orElseSockets: Bool
  /// Where the ranks wait for one another, once the first buffer is there.
  private(set) var barrier: SharedBarrier?
  /// Why a buffer is not in shared memory, as a sentence; nil where all are.
  private(set) var note: String?
  private let segment: SharedSegment
  /// The number of buffers made so far.
  private var count = 0

  /// Has buffers lie in a file that every rank has inherited; every rank must do so.
  init(in memory: RingRendezvous.SharedMemory, orElseSockets: Bool) {
    segment = SharedSegment(memory)
    self.orElseSockets = orElseSockets
  }

  /// Makes room for a buffer on all ranks; on rank 0 alone.
  func offer(floats: Int, size: Int) -> MemoryOffer {
    MemoryOffer(segment.grow(byFloats: floats, size: size, forBarrier: barrier == nil))
  }

  /// What tells this rank's file from all others; 0 where it has none.
  var identity: UInt64 { segment.identity }

  /// Notes that a buffer does not fit.
  func noteShortage(_ verdict: SharedMemoryBudget.Verdict) {
    note = "gradients travel over sockets, not through shared memory: \(verdict)"
  }

  /// The buffer at the place that all ranks have agreed on.
  func make(
    floats: Int, at place: SharedSegment.Place, rank: Int, size: Int
  ) throws(CollectiveError) -> SymmetricBuffer {
    if barrier == nil {
      let page = try mapped(place.control..<place.control + SharedBarrier.byteCount(size: size), rank: rank)
      barrier = SharedBarrier(in: page, rank: rank, size: size)
    }
    let memory = try mapped(place.range(size: size), prefersLargePages: place.hasLargePages, rank: rank)
    // The pages are there already; this saves a fault for each on the first use. Of the others' lanes this rank will
    // touch its own blocks alone: to map them whole would cost every rank time and table for the memory of all.
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
