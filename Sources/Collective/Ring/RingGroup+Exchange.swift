internal import Wire

extension RingGroup {
  /// The neighbours' ranks.
  var previousRank: Int { (rank - 1).modulo(size) }
  var nextRank: Int { (rank + 1).modulo(size) }

  /// Sends and receives until the exchange is finished.
  ///
  /// It cannot deadlock: while it waits for room to send, it also receives, and receiving needs no room. So
  /// however short the queues between ranks are, the message on which all others depend can always move.
  func run(_ exchange: inout RingExchange, silence: Duration) throws(CollectiveError) {
    var timer = SilenceTimer(silence: silence, grace: timeouts.grace)
    var pending: Message?
    while !exchange.isFinished {
      let hasSent = try sendWhatIsReady(&exchange, &pending)
      let hasReceived = try receiveOne(&exchange, &timer)
      if hasSent || hasReceived {
        timer.restart()
      } else {
        try waitForNeighbours(exchange, &timer)
      }
    }
  }

  /// Sends while it can; `pending` keeps a message that found no room.
  private func sendWhatIsReady(
    _ exchange: inout RingExchange, _ pending: inout Message?
  ) throws(CollectiveError) -> Bool {
    var hasSent = false
    while exchange.canSend, !transport.lostNeighbours.contains(.next) {
      let message = pending ?? exchange.makeNextSend(from: identity)
      pending = message
      guard try transport.trySend(message) else { break }
      pending = nil
      exchange.didSend()
      hasSent = true
    }
    return hasSent
  }

  private func receiveOne(
    _ exchange: inout RingExchange, _ timer: inout SilenceTimer
  ) throws(CollectiveError) -> Bool {
    guard exchange.awaitsArrival, let message = try nextMessage() else { return false }
    let header = try opened(message, during: exchange.call)
    if header.isSignOfLife {
      try checkProgress(header, of: exchange)
      timer.heardLife()
      return false
    }
    do {
      try exchange.accept(header, message)
    } catch {
      throw .corrupt(rank: previousRank, operation: exchange.call.name, detail: error.detail)
    }
    return true
  }

  private func waitForNeighbours(
    _ exchange: RingExchange, _ timer: inout SilenceTimer
  ) throws(CollectiveError) {
    try readNotice(during: exchange.call)
    let lost = transport.lostNeighbours
    if lost.contains(.previous) && exchange.awaitsArrival {
      throw lostPeer(previousRank, during: exchange.call)
    }
    if lost.contains(.next) {
      timer.hurry()
      if !exchange.awaitsArrival { try listenForNotice(during: exchange.call) }
    }
    guard ContinuousClock.now < timer.deadline else {
      if lost.contains(.next) { throw lostPeer(nextRank, during: exchange.call) }
      if !timer.hasShownLife { return try showLife(exchange, &timer) }
      throw exchange.awaitsArrival
        ? timeout(timer, during: exchange.call)
        : .timeout(
          rank: nextRank, operation: exchange.call.name, seconds: timer.silence / .seconds(1))
    }
    try transport.wait(
      for: events(that: exchange, lacks: lost), until: nextBeat(before: timer.deadline))
  }

  /// Tells the next rank that this one is alive and waiting. No room for it means that the next rank reads
  /// nothing, so is stuck itself.
  private func showLife(_ exchange: RingExchange, _ timer: inout SilenceTimer) throws(CollectiveError) {
    let sign = Message(byteCount: FrameHeader.byteCount)
    var header = identity
    header.operation = CollectiveCall.Operation.signOfLife.rawValue
    header.sequence = exchange.call.sequence
    header.count = UInt64(exchange.sent)
    header.encode(into: sign.bytes)
    _ = try transport.trySend(sign)
    timer.showLife()
  }

  /// Throws if a message was lost: since messages arrive in order, all that were sent before this sign of
  /// life must be here.
  private func checkProgress(_ sign: FrameHeader, of exchange: RingExchange) throws(CollectiveError) {
    guard sign.sequence == exchange.call.sequence, sign.count > UInt64(exchange.received) else { return }
    throw .corrupt(
      rank: previousRank, operation: exchange.call.name,
      detail: "it has sent \(sign.count) messages, and \(exchange.received) have arrived: one was lost")
  }

  /// Returns the events that let the exchange go on; to wait for any other would return at once, again and
  /// again.
  private func events(that exchange: RingExchange, lacks lost: RingNeighbours) -> RingEvents {
    var events: RingEvents = []
    if exchange.awaitsArrival || lost.contains(.next) { events.insert(.arrival) }
    if exchange.canSend && !lost.contains(.next) { events.insert(.room) }
    return events
  }

  /// Looks for an abort notice once the next rank is gone and there is nothing more to receive.
  private func listenForNotice(during call: CollectiveCall) throws(CollectiveError) {
    guard let message = try transport.receive(),
      let header = try? FrameHeader(decoding: UnsafeRawBufferPointer(message.bytes)),
      let notice = AbortNotice(header, UnsafeRawBufferPointer(message.payload))
    else { return }
    throw notice.error(during: call)
  }

  /// Throws the failure posted in shared memory, if a rank has posted one.
  func readNotice(during call: CollectiveCall) throws(CollectiveError) {
    if let notice = sharedBuffers?.barrier?.failure { throw notice.error(during: call) }
  }

  /// Names the rank for which this one waits in the end, as far as it can see.
  ///
  /// In shared memory this rank sees who waits. Over sockets it only hears from the previous rank: that
  /// rank's silence makes it the likely cause; a sign of life from it makes its name a guess.
  func timeout(_ timer: SilenceTimer, during call: CollectiveCall) -> CollectiveError {
    let seen = sharedBuffers?.barrier?.stuckRank(afterSilence: timer.silence)
    let isGuess = seen == nil && (sharedBuffers?.barrier != nil || timer.previousLives)
    return .timeout(
      rank: seen ?? previousRank, operation: call.name, seconds: timer.silence / .seconds(1),
      isGuess: isGuess)
  }

  /// Shows the ranks that share memory that this one waits; returns when to do so next.
  func nextBeat(before deadline: ContinuousClock.Instant) -> ContinuousClock.Instant {
    guard let barrier = sharedBuffers?.barrier else { return deadline }
    barrier.beat()
    return min(deadline, .now + SharedBarrier.beat)
  }

  func lostPeer(_ rank: Int, during call: CollectiveCall) -> CollectiveError {
    .lostPeer(rank: rank, operation: call.name, observation: "its connection to rank \(self.rank) closed")
  }
}

extension RingGroup {
  /// Reads and checks the header of a message from the previous rank: a part of `call`, or a sign of life.
  func opened(_ message: Message, during call: CollectiveCall) throws(CollectiveError) -> FrameHeader {
    let header: FrameHeader
    do {
      header = try FrameHeader(decoding: UnsafeRawBufferPointer(message.bytes))
    } catch {
      throw .corrupt(rank: previousRank, operation: call.name, detail: error.description)
    }
    try call.checkSender(of: header, being: previousRank, in: identity)
    if let notice = AbortNotice(header, UnsafeRawBufferPointer(message.payload)) {
      throw notice.error(during: call)
    }
    if !header.isSignOfLife { try call.check(header, from: previousRank) }
    return header
  }
}

extension FrameHeader {
  /// Whether the message only says that its sender waits too, in whatever operation.
  var isSignOfLife: Bool { operation == CollectiveCall.Operation.signOfLife.rawValue }
}
