extension Fleet {
  /// After a failure there is nothing to save: the ring is broken, and a half-written checkpoint is discarded.
  var graceAfterFailure: Duration { min(grace, .seconds(4)) }

  /// A process that SIGKILL does not end within this time is held inside the kernel.
  static let patienceAfterKill = Duration.seconds(5)

  /// The others are of no use without the one that failed.
  mutating func tearDown(at moment: Duration) -> [Action] {
    if case .killing = phase { return [] }
    phase = .stopping(deadline: min(deadline ?? .seconds(Int64.max), moment + graceAfterFailure))
    return end(with: .terminate)
  }

  /// The first request goes to every worker as SIGTERM, whichever signal brought it; a second one means now.
  mutating func stop(on signal: Signal, at moment: Duration) -> [Action] {
    stopSignal = stopSignal ?? signal
    switch phase {
    case .running:
      phase = .stopping(deadline: moment + grace)
      return end(with: .terminate)
    case .writingStacks, .stopping:
      return kill(at: moment)
    case .killing:
      return []
    case .waiting(let outcome, _):
      return giveUp(after: outcome)
    }
  }

  mutating func escalate(at now: Duration) -> [Action] {
    guard let deadline, now >= deadline else { return [] }
    if case .writingStacks = phase { return endAfterStacks(at: now) }
    if case .waiting = phase { return beginAgain(at: now) }
    if case .stopping = phase { return kill(at: now) }
    for rank in running {
      members[rank].end = WorkerEnd(rank: rank, ending: .stuck, moment: now, stoppedByLauncher: false)
    }
    return concludeIfEmpty(at: now)
  }

  private mutating func kill(at moment: Duration) -> [Action] {
    phase = .killing(deadline: moment + Self.patienceAfterKill)
    return end(with: .kill)
  }

  mutating func end(with signal: Signal) -> [Action] {
    running.compactMap { rank in
      // A worker takes a second SIGTERM for impatience, so it gets each signal once.
      guard members[rank].received.insert(signal).inserted else { return nil }
      return .signal(signal, rank: rank)
    }
  }
}
