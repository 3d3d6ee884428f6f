internal import Wire

extension RingGroup {
  /// Returns the shared memory that a rendezvous's transport uses; nil where floats travel over sockets,
  /// which need all ranks to be one sum group.
  static func sharedMemory(
    for rendezvous: RingRendezvous
  ) throws(CollectiveError) -> RingRendezvous.SharedMemory? {
    let memory = try memory(for: rendezvous)
    guard memory != nil || rendezvous.sumOrder.isWhole else {
      throw .refused(
        detail:
          "sums in groups of \(rendezvous.sumOrder.group) workers (--sum-group) are taken in shared memory alone, and "
          + "these workers have none: start them with twins-launch --transport shm, or leave --sum-group out")
    }
    return memory
  }

  private static func memory(
    for rendezvous: RingRendezvous
  ) throws(CollectiveError) -> RingRendezvous.SharedMemory? {
    switch rendezvous.transport {
    case .ipc, .tcp: return nil
    case .auto: return rendezvous.memory
    case .shm:
      guard let memory = rendezvous.memory else {
        throw .setup(
          rank: rendezvous.rank,
          detail:
            "--transport shm needs the memory that twins-launch hands to its workers, and this process has "
            + "none; start it with twins-launch, or use --transport ipc")
      }
      return memory
    }
  }

  /// Makes a buffer of `count` floats on every rank, in shared memory where the group has any.
  public func makeBuffer(count: Int) throws(CollectiveError) -> SymmetricBuffer {
    precondition(count >= 0, "\(count) floats")
    guard let sharedBuffers else {
      precondition(sumOrder.isWhole, "groups of \(sumOrder.group) ranks over sockets")
      return SymmetricBuffer(count: count)
    }
    return try perform(.makeBuffer, element: .float32, range: 0..<count) { call throws(CollectiveError) in
      let offer = try agreedOffer(sharedBuffers, count, during: call)
      guard offer.verdict.bound != .none else {
        return try sharedBuffers.make(floats: count, at: offer.place, rank: rank, size: size)
      }
      guard sharedBuffers.orElseSockets else { throw .noRoom(detail: "\(offer.verdict)") }
      sharedBuffers.noteShortage(offer.verdict)
      return SymmetricBuffer(count: count)
    }
  }

  /// Makes a buffer of `count` floats in shared memory; nil where the group has none, or no room.
  public func makeSharedBuffer(count: Int) throws(CollectiveError) -> SymmetricBuffer? {
    guard let sharedBuffers else { return nil }
    return try perform(.makeBuffer, element: .float32, range: 0..<count) { call throws(CollectiveError) in
      let offer = try agreedOffer(sharedBuffers, count, during: call)
      guard offer.verdict.bound == .none else { return nil }
      return try sharedBuffers.make(floats: count, at: offer.place, rank: rank, size: size)
    }
  }

  /// Rank 0 makes room for a buffer; all ranks learn its place, or why there is none.
  private func agreedOffer(
    _ buffers: SharedBuffers, _ count: Int, during call: CollectiveCall
  ) throws(CollectiveError) -> MemoryOffer {
    let isFirst = rank == 0
    let own = isFirst ? buffers.offer(floats: count, size: size) : MemoryOffer()
    let words = try gather([buffers.identity] + own.words, during: call)
    for other in backwards where words[other][0] != words[0][0] || words[other][0] == 0 {
      throw .setup(
        rank: other,
        detail:
          "it did not inherit the memory that rank \(firstRank) shares; start the workers with twins-launch, on one host"
      )
    }
    return MemoryOffer(words: Array(words[0].dropFirst()))
  }
}

extension RingGroup {
  /// Runs an operation in shared memory: a reference to the buffer goes round the ring, then each rank runs
  /// `part`.
  ///
  /// A rank whose reference matches every other's knows that all ranks are in this operation, on the same
  /// range of the same buffer. From then until all ranks meet again, the others may write to its lane.
  func performShared(
    _ operation: CollectiveCall.Operation, on buffer: SymmetricBuffer, _ range: Range<Int>,
    _ part: (SharedMemoryReducer) -> Void
  ) throws(CollectiveError) {
    precondition((0..<buffer.count).contains(range), "\(range) of \(buffer.count) floats")
    try perform(operation, element: .float32, range: range) { call throws(CollectiveError) in
      try exchangeReferences(to: buffer, range, during: call)
      part(SharedMemoryReducer(buffer.lanes, rank: rank, blocks: blocks, order: sumOrder))
      try meet(during: call)
    }
  }

  /// Checks that every rank is in this call and refers to the same memory.
  func exchangeReferences(
    to buffer: SymmetricBuffer, _ range: Range<Int>, during call: CollectiveCall
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
  /// Between sleeps it looks for abort notices and lost neighbours.
  func meet(during call: CollectiveCall) throws(CollectiveError) {
    guard let barrier = sharedBuffers?.barrier else { fatalError("no memory is shared") }
    barrier.arrive()
    barrier.spin()
    var timer = SilenceTimer(silence: timeouts.silence, grace: timeouts.grace)
    var attendance = 0
    while !barrier.isComplete {
      barrier.sleep(atMost: ContinuousClock.now.duration(to: nextBeat(before: timer.deadline)))
      try takeNews(during: call)
      // A lost rank may have arrived before it left: the barrier decides, not the connection.
      if barrier.isComplete { return }
      if barrier.attendance > attendance {
        attendance = barrier.attendance
        timer.restart()
      }
      try checkNeighbours(at: barrier, &timer, during: call)
    }
  }

  /// Notes lost neighbours and takes in one message: an abort notice, which it throws, or the first message
  /// of the next operation, which it keeps. Returns false where none has arrived.
  @discardableResult
  func takeNews(during call: CollectiveCall) throws(CollectiveError) -> Bool {
    try readNotice(during: call)
    try transport.wait(for: [], until: .now)
    guard let message = try transport.receive() else { return false }
    if let header = try? FrameHeader(decoding: UnsafeRawBufferPointer(message.bytes)),
      let notice = AbortNotice(header, UnsafeRawBufferPointer(message.payload))
    {
      throw notice.error(during: call)
    }
    hold(message)
    return true
  }

  private func checkNeighbours(
    at barrier: SharedBarrier, _ timer: inout SilenceTimer, during call: CollectiveCall
  ) throws(CollectiveError) {
    let lost = transport.lostNeighbours
    // A rank that saw the cause posted it before it left, perhaps after the last look.
    if !lost.isEmpty { try readNotice(during: call) }
    if lost.contains(.previous) && !barrier.hasCome(previousRank) {
      throw lostPeer(previousRank, during: call)
    }
    if !lost.isEmpty { timer.hurry() }
    guard ContinuousClock.now >= timer.deadline else { return }
    if lost.contains(.next) { throw lostPeer(nextRank, during: call) }
    if lost.contains(.previous) { throw lostPeer(previousRank, during: call) }
    throw timeout(timer, during: call)
  }
}
