internal import System

extension RingGroup {
  /// Lets buffers made from now on lie in memory that all ranks see; every rank must do so.
  ///
  /// - Parameter orElseSockets: What becomes of a buffer that does not fit: true lets its floats travel over the
  ///   sockets, with a ``transportNote``; false fails on every rank.
  func share(_ memory: RingMeeting.SharedMemory, orElseSockets: Bool) {
    segment = SharedSegment(memory)
    sharesOrElseSockets = orElseSockets
  }

  /// The memory that a meeting's transport uses, or nil where floats are to travel over sockets.
  static func sharedMemory(
    for meeting: RingMeeting
  ) throws(CollectiveError) -> RingMeeting.SharedMemory? {
    switch meeting.transport {
    case .ipc, .tcp: return nil
    case .auto: return meeting.memory
    case .shm:
      guard let memory = meeting.memory else {
        throw .setup(
          rank: meeting.rank,
          detail:
            "--transport shm needs the memory that twins-launch hands to its workers, and this process has "
            + "none; start it with twins-launch, or use --transport ipc")
      }
      return memory
    }
  }

  /// Makes a buffer of `count` floats on every rank, in shared memory where the group has some.
  public func makeBuffer(count: Int) throws(CollectiveError) -> GroupBuffer {
    precondition(count >= 0, "\(count) floats")
    guard let segment else { return GroupBuffer(count: count) }
    return try perform(.makeBuffer, element: .float32, range: 0..<count) { call throws(CollectiveError) in
      let offer = try agreedOffer(segment, count, during: call)
      guard offer.verdict.bound != .none else { return try makeShared(count, offer.place) }
      guard sharesOrElseSockets else { throw .noRoom(detail: "\(offer.verdict)") }
      transportNote = "gradients travel over sockets, not through shared memory: \(offer.verdict)"
      return GroupBuffer(count: count)
    }
  }

  /// Has rank 0 make room, and all ranks learn where, or why not.
  private func agreedOffer(
    _ segment: SharedSegment, _ count: Int, during call: OperationCall
  ) throws(CollectiveError) -> MemoryOffer {
    let isFirst = rank == 0
    let own = isFirst ? MemoryOffer(segment.grow(byFloats: count, size: size)) : MemoryOffer()
    let words = try gather([segment.identity] + own.words, during: call)
    for other in backwards where words[other][0] != words[0][0] || words[other][0] == 0 {
      throw .setup(
        rank: other,
        detail:
          "it did not inherit the memory that rank 0 shares; start the workers with twins-launch, on one host"
      )
    }
    return MemoryOffer(words: Array(words[0].dropFirst()))
  }

  private func makeShared(_ count: Int, _ place: SharedSegment.Place) throws(CollectiveError) -> GroupBuffer {
    guard var segment else { fatalError("no memory is shared") }
    if segment.meeting == nil {
      let page = try mapped(place.control..<place.control + SharedMeeting.byteCount(size: size))
      segment.meeting = SharedMeeting(in: page, rank: rank, size: size)
    }
    let memory = try mapped(place.range(size: size), prefersLargePages: place.hasLargePages)
    // The pages are there already; this saves a fault for each on the first use. Of the others' lanes this rank will
    // touch its own blocks alone: to map them whole would cost every rank time and table for the memory of all.
    memory.populate(place.laneBytes * rank..<place.laneBytes * (rank + 1))
    let lanes = (0..<size).map {
      (memory.start + place.laneBytes * $0).assumingMemoryBound(to: Float.self)
    }
    segment.buffers += 1
    self.segment = segment
    return GroupBuffer(count: count, rank: rank, lanes: lanes, number: segment.buffers, keeping: memory)
  }

  private func mapped(
    _ range: Range<Int>, prefersLargePages: Bool = false
  ) throws(CollectiveError) -> SharedMapping {
    guard let segment,
      let mapping = SharedMapping(segment.descriptor, range, prefersLargePages: prefersLargePages)
    else {
      throw .limit(Shortage(.memory, for: "\(range.count) bytes that rank \(rank) shares with the others"))
    }
    return mapping
  }
}

/// What rank 0 tells the others about room for a buffer.
private struct MemoryOffer {
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
