internal import System
internal import Wire

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

extension RingGroup {
  /// An operation on memory that all ranks see: references go round the ring, then each rank does its part.
  ///
  /// A rank whose own reference has come back to no one's surprise knows that all ranks are in this operation, on the
  /// same range of the same buffer: their lanes are theirs no more until all have met again.
  func performShared(
    _ operation: OperationCall.Operation, on buffer: GroupBuffer, _ range: Range<Int>,
    _ part: (SharedLanes) -> Void
  ) throws(CollectiveError) {
    precondition((0..<buffer.count).contains(range), "\(range) of \(buffer.count) floats")
    try perform(operation, element: .float32, range: range) { call throws(CollectiveError) in
      try exchangeReferences(to: buffer, range, during: call)
      part(SharedLanes(buffer.lanes, rank: rank, blocks: blocks))
      try meet(during: call)
    }
  }

  /// Learns that every rank is in this call, and that all mean the same memory.
  func exchangeReferences(
    to buffer: GroupBuffer, _ range: Range<Int>, during call: OperationCall
  ) throws(CollectiveError) {
    let own = [buffer.number, range.lowerBound, range.count].map(UInt64.init)
    let references = try gather(own, during: call)
    for other in backwards where references[other] != own {
      throw .mismatch(
        rank: other, operation: call.name, expected: describe(own), found: describe(references[other]))
    }
  }

  private func describe(_ reference: [UInt64]) -> String {
    "buffer \(reference[0]), \(reference[2]) float32 from \(reference[1]) on"
  }
}

extension RingGroup {
  /// Waits, without using the processor, until every rank has done its part of `call` in shared memory.
  ///
  /// Between naps it looks at what the ring knows: notices of failure, and neighbours that are gone.
  func meet(during call: OperationCall) throws(CollectiveError) {
    guard let meeting = segment?.meeting else { fatalError("no memory is shared") }
    meeting.arrive()
    meeting.spin()
    var patience = Patience(silence: timeouts.silence, grace: timeouts.grace)
    var attendance = 0
    while !meeting.isComplete {
      meeting.sleep(atMost: ContinuousClock.now.duration(to: nextBeat(before: patience.deadline)))
      try takeNews(during: call)
      // Whoever is gone may have come before it went; the meeting counts, not the connection.
      if meeting.isComplete { return }
      if meeting.attendance > attendance {
        attendance = meeting.attendance
        patience.restart()
      }
      try checkNeighbours(at: meeting, &patience, during: call)
    }
  }

  /// Learns of losses, and takes in one message: a notice of failure, or the next operation's first, which is kept.
  private func takeNews(during call: OperationCall) throws(CollectiveError) {
    try readNotice(during: call)
    try transport.wait(for: [], until: .now)
    guard let message = try transport.receive() else { return }
    if let header = try? FrameHeader(decoding: UnsafeRawBufferPointer(message.bytes)),
      let notice = AbortNotice(header, UnsafeRawBufferPointer(message.payload))
    {
      throw notice.error(during: call)
    }
    held.append(message)
  }

  private func checkNeighbours(
    at meeting: SharedMeeting, _ patience: inout Patience, during call: OperationCall
  ) throws(CollectiveError) {
    let lost = transport.lostNeighbours
    if lost.contains(.previous) && !meeting.hasCome(previousRank) {
      throw lostPeer(previousRank, during: call)
    }
    if !lost.isEmpty { patience.hurry() }
    guard ContinuousClock.now >= patience.deadline else { return }
    if lost.contains(.next) { throw lostPeer(nextRank, during: call) }
    if lost.contains(.previous) { throw lostPeer(previousRank, during: call) }
    throw timeout(patience, during: call)
  }

  /// Throws the failure that a rank has put up in shared memory, if one has.
  func readNotice(during call: OperationCall) throws(CollectiveError) {
    if let notice = segment?.meeting?.failure { throw notice.error(during: call) }
  }

  /// Names the rank that this one waits for in the end, as far as it can see.
  ///
  /// In shared memory it sees who waits. Over sockets it hears of the previous one alone: silence speaks against that, and
  /// where it waits itself, its name is a guess.
  func timeout(_ patience: Patience, during call: OperationCall) -> CollectiveError {
    let seen = segment?.meeting?.stuckRank(afterSilence: patience.silence)
    let isGuess = seen == nil && (segment?.meeting != nil || patience.previousLives)
    return .timeout(
      rank: seen ?? previousRank, operation: call.name, seconds: patience.silence / .seconds(1),
      isGuess: isGuess)
  }

  /// Shows the ranks that share memory that this one waits; gives the time at which it is to do so again.
  func nextBeat(before deadline: ContinuousClock.Instant) -> ContinuousClock.Instant {
    guard let meeting = segment?.meeting else { return deadline }
    meeting.beat()
    return min(deadline, .now + SharedMeeting.beat)
  }

  /// The next message from the previous rank: one that came while the ranks met, or a new one.
  func nextMessage() throws(CollectiveError) -> Message? {
    held.isEmpty ? try transport.receive() : held.removeFirst()
  }
}
