extension Fleet {
  /// Whether nobody runs and the next attempt is waited for.
  var isWaiting: Bool {
    if case .waiting = phase { return true }
    return false
  }

  /// When a run that somebody asked to stop will be ended by force. After a failure it may well start again.
  var endAsAsked: Duration? {
    stopSignal == nil ? nil : deadline
  }

  mutating func note(_ newest: Progress?) -> [Action] {
    progress = newest
    return []
  }

  /// When all have ended: the end of the run, or of this attempt.
  mutating func concludeIfEmpty(at moment: Duration) -> [Action] {
    let ends = members.compactMap(\.end)
    guard ends.count == members.count else { return [] }
    var outcome = Outcome(
      ends: ends, firstFailure: firstFailure, stopSignal: stopSignal, attempt: attempt.number,
      start: attempt.start, progress: progress)
    // Somebody who wants the run to end does not want it back.
    guard let firstFailure, stopSignal == nil else { return [.finish(outcome)] }
    // One that SIGKILL did not end keeps its card from the next attempt, whoever failed first.
    let decisive = ends.contains { $0.ending == .stuck } ? .stuck : ends[firstFailure].ending
    switch restarts.verdict(after: decisive, progress: progress, at: moment) {
    case .stop(let reason):
      outcome.reasonToStop = reason
      return [.finish(outcome)]
    case .restart(let delay, let number):
      phase = .waiting(outcome, until: moment + delay)
      return [.retry(outcome, after: delay, number: number)]
    }
  }

  /// Starts everybody anew: a ring that has lost one rank is of no use to the others.
  mutating func beginAgain(at now: Duration) -> [Action] {
    attempt = (attempt.number + 1, now)
    members = Array(repeating: Member(), count: members.count)
    phase = .running
    firstFailure = nil
    progress = nil
    return [.begin(attempt: attempt.number)] + members.indices.map { .launch(rank: $0) }
  }

  /// Ends a run between two attempts, as the one before it ended.
  mutating func giveUp(after failed: Outcome) -> [Action] {
    var outcome = failed
    outcome.stopSignal = stopSignal
    return [.finish(outcome)]
  }
}
