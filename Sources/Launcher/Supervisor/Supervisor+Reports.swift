import RunControl

/// What is said of how an attempt and the run ended.
extension Supervisor {
  /// What is printed last.
  func lastWords(on outcome: Outcome) -> String {
    let closing = Console.line(launch.closingLine(outcome, on: stopRequest, after: now))
    guard let rank = outcome.firstFailure else { return closing }
    let report = report(outcome, firstFailure: rank)
    if outcome.isStopped { return report.shortText + closing }
    return report.text + (outcome.reasonToStop.map { Console.line("not started again: \($0)") } ?? "")
  }

  /// Why the run ended, for its journal; nil where it was done.
  func reason(for outcome: Outcome) -> String? {
    if let rank = outcome.firstFailure { return report(outcome, firstFailure: rank).inShort }
    return outcome.stopSignal.map { "stopped by \((stopRequest ?? .signal($0)).author)" }
  }

  /// Of ranks that met the same fault at the same time, the one tells of it that says what it was: the others are often silent.
  func report(_ outcome: Outcome, firstFailure rank: Int) -> FailureReport {
    let alike = outcome.ranks(alike: rank)
    let teller = alike.first { facts(of: $0).saysWhy } ?? rank
    return attempt.report(
      outcome, firstFailure: teller, facts(of: teller), host: hosts?.title(ofHostOf: teller))
  }

  private func facts(of rank: Int) -> WorkerFacts {
    (launch.ranks.contains(rank) ? attempt.facts(of: rank) : hosts?.facts(of: rank)) ?? WorkerFacts()
  }
}
