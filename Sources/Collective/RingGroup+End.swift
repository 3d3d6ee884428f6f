internal import Wire

extension RingGroup {
  /// Leaves the ring in order: waits until every rank has come to close, so that nobody loses a last message.
  ///
  /// A rank still busy with an operation then fails, naming this rank as gone. After an error it does nothing more.
  public func close() {
    guard case .ready = state else { return }
    let nothing = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    // Whoever closes first ends the others' wait; how the farewell ends is of no interest to a rank that leaves.
    try? perform(.farewell, plan: .roundTrip(rank: rank, size: size), on: nothing, silence: farewellLimit)
    if case .ready = state { transport.close(flushingFor: flushLimit) }
    state = .closed
  }

  private var farewellLimit: Duration { min(timeouts.silence, .seconds(5)) }

  /// A next rank that computes takes a last message at once, its I/O thread does: longer means that it is gone.
  private var flushLimit: Duration { .milliseconds(500) }

  /// Makes the group unusable, tells the next rank why, and closes the connections so that the failure spreads.
  func end(because error: CollectiveError) -> CollectiveError {
    state = .failed(error)
    let isTold = tellNext(AbortNotice(error, witness: rank))
    transport.close(flushingFor: isTold ? flushLimit : .zero)
    return error
  }

  /// Whether the notice was sent. It ends where it began, and a next rank that is gone or stuck gets none.
  private func tellNext(_ notice: AbortNotice) -> Bool {
    guard nextRank != notice.witness else { return false }
    // Without it, what was learnt of losses is as old as the last wait.
    try? transport.wait(for: [], until: .now)
    return Array(notice.reason.utf8).withUnsafeBytes { reason in
      var header = identity
      notice.describe(in: &header, reason: reason)
      header.encode(into: headerBytes)
      return (try? send([UnsafeRawBufferPointer(headerBytes), reason], until: .now + timeouts.grace)) ?? false
    }
  }

  private func send(
    _ parts: [UnsafeRawBufferPointer], until deadline: ContinuousClock.Instant
  ) throws(CollectiveError) -> Bool {
    while !transport.lostNeighbours.contains(.next), ContinuousClock.now < deadline {
      if try transport.trySend(parts) { return true }
      try transport.wait(for: .room, until: deadline)
    }
    return false
  }
}
