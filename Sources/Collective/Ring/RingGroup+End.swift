internal import Wire

extension RingGroup {
  /// Leaves the ring in order: waits until every rank has come to close, so that nobody loses a last message.
  ///
  /// A rank still busy with an operation then fails, naming this rank as gone. After an error it does nothing more.
  public func close() {
    guard case .ready = state else { return }
    let nothing = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    // How the farewell ends is of no interest to a rank that leaves. It waits as long as in any operation: on a machine
    // that is busy, whoever gave up sooner would end the last operation of a rank that has not had its turn yet.
    try? perform(.farewell, plan: .roundTrip(rank: rank, size: size), on: nothing)
    if case .ready = state { transport.close(flushingFor: flushLimit) }
    state = .closed
  }

  /// A next rank that computes takes a last message at once, its I/O thread does: longer means that it is gone.
  private var flushLimit: Duration { .milliseconds(500) }

  /// Makes the group unusable, tells the next rank why, and closes the connections so that the failure spreads.
  func end(because error: CollectiveError) -> CollectiveError {
    state = .failed(error)
    let notice = AbortNotice(error, witness: rank)
    if error.isPlainToSee { segment?.meeting?.post(notice) }
    let isTold = tellNext(notice)
    transport.close(flushingFor: isTold ? flushLimit : .zero)
    return error
  }

  /// Whether the notice was sent. It ends where it began, and a next rank that is gone or stuck gets none.
  private func tellNext(_ notice: AbortNotice) -> Bool {
    guard nextRank != notice.witness else { return false }
    // Without it, what was learnt of losses is as old as the last wait.
    try? transport.wait(for: [], until: .now)
    let message = notice.message(from: identity)
    return (try? send(message, until: .now + timeouts.grace)) ?? false
  }

  private func send(
    _ message: Message, until deadline: ContinuousClock.Instant
  ) throws(CollectiveError) -> Bool {
    while !transport.lostNeighbours.contains(.next), ContinuousClock.now < deadline {
      if try transport.trySend(message) { return true }
      try transport.wait(for: .room, until: deadline)
    }
    return false
  }
}

extension CollectiveError {
  /// Whether this rank saw the cause itself and cannot be the cause: an odd rank takes the others for odd.
  fileprivate var isPlainToSee: Bool {
    switch self {
    case .lostPeer, .timeout: true
    default: false
    }
  }
}
