import RunControl

/// Texts about the end of an attempt and of the run.
extension Supervisor {
  /// Returns the run's last lines.
  func lastWords(on outcome: Outcome) -> String {
    let closing = Console.line(launch.closingLine(outcome, on: stopRequest, after: now))
    guard let rank = outcome.firstFailure else { return closing }
    let report = report(outcome, firstFailure: rank)
    if outcome.isStopped { return report.shortText + closing }
    return report.text + (outcome.reasonToStop.map { Console.line("not started again: \($0)") } ?? "")
  }

  /// Returns why the run ended, for its journal; nil where it completed.
  func reason(for outcome: Outcome) -> String? {
    if let rank = outcome.firstFailure { return report(outcome, firstFailure: rank).inShort }
    return outcome.stopSignal.map { "stopped by \((stopRequest ?? .signal($0)).author)" }
  }

  /// Returns the report of a failure. Among ranks that met the same fault together, the one whose output
  /// explains it is reported: others often print nothing.
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
