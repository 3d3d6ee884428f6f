internal import Wire

extension RingGroup {
  /// The neighbours' ranks.
  var previousRank: Int { (rank - 1).modulo(size) }
  var nextRank: Int { (rank + 1).modulo(size) }

  /// Sends and receives until the exchange is finished.
  ///
  /// It never waits for room without also taking in what arrives, and taking in needs no room: whatever the length
  /// of the queues between ranks, the message that all others depend on can always move. That is why no ring hangs.
  func run(_ exchange: inout RingExchange, silence: Duration) throws(CollectiveError) {
    var patience = Patience(silence: silence, grace: timeouts.grace)
    var pending: [UnsafeRawBufferPointer]?
    while !exchange.isFinished {
      let hasSent = try sendWhatIsReady(&exchange, &pending)
      let hasReceived = try receiveOne(&exchange)
      if hasSent || hasReceived {
        patience.restart()
      } else {
        try waitForNeighbours(exchange, &patience)
      }
    }
  }

  /// `pending` is a message that is ready but found no room, so that its checksum is taken once.
  private func sendWhatIsReady(
    _ exchange: inout RingExchange, _ pending: inout [UnsafeRawBufferPointer]?
  ) throws(CollectiveError) -> Bool {
    var hasSent = false
    while exchange.canSend, !transport.lostNeighbours.contains(.next) {
      let parts = pending ?? encodeNextSend(of: exchange)
      pending = parts
      guard try transport.trySend(parts) else { break }
      pending = nil
      exchange.didSend()
      hasSent = true
    }
    return hasSent
  }

  private func encodeNextSend(of exchange: RingExchange) -> [UnsafeRawBufferPointer] {
    var header = identity
    let payload = exchange.describeNextSend(in: &header)
    header.encode(into: headerBytes)
    return [UnsafeRawBufferPointer(headerBytes)] + payload
  }

  private func receiveOne(_ exchange: inout RingExchange) throws(CollectiveError) -> Bool {
    guard exchange.awaitsArrival, let message = try transport.receive() else { return false }
    let (header, payload) = try opened(message, during: exchange.call)
    do {
      try exchange.accept(header, payload)
    } catch {
      throw .corrupt(rank: previousRank, operation: exchange.call.name, detail: error.detail)
    }
    return true
  }

  private func waitForNeighbours(
    _ exchange: RingExchange, _ patience: inout Patience
  ) throws(CollectiveError) {
    let lost = transport.lostNeighbours
    if lost.contains(.previous) && exchange.awaitsArrival {
      throw lostPeer(previousRank, during: exchange.call)
    }
    if lost.contains(.next) {
      patience.hurry()
      if !exchange.awaitsArrival { try listenForNotice(during: exchange.call) }
    }
    let deadline = patience.deadline(hasHeard: exchange.received > 0)
    guard ContinuousClock.now < deadline else {
      if lost.contains(.next) { throw lostPeer(nextRank, during: exchange.call) }
      throw .timeout(
        rank: exchange.awaitsArrival ? previousRank : nextRank, operation: exchange.call.name,
        seconds: patience.silence / .seconds(1))
    }
    try transport.wait(for: events(that: exchange, lacks: lost), until: deadline)
  }

  /// Only what lets the exchange go on: waiting for anything else would return at once, again and again.
  private func events(that exchange: RingExchange, lacks lost: RingNeighbours) -> RingEvents {
    var events: RingEvents = []
    if exchange.awaitsArrival || lost.contains(.next) { events.insert(.arrival) }
    if exchange.canSend && !lost.contains(.next) { events.insert(.room) }
    return events
  }

  /// With the next rank gone, and nothing more to receive, a rank listens for the one message that says why.
  private func listenForNotice(during call: OperationCall) throws(CollectiveError) {
    guard let message = try transport.receive(), let header = try? FrameHeader(decoding: message),
      let notice = AbortNotice(header, payload(of: message))
    else { return }
    throw notice.error(during: call)
  }

  private func lostPeer(_ rank: Int, during call: OperationCall) -> CollectiveError {
    .lostPeer(rank: rank, operation: call.name, observation: "its connection to rank \(self.rank) closed")
  }
}
