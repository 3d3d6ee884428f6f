internal import Wire

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
