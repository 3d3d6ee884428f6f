import Recipe

extension Supervisor {
  /// Says what is about to run, as the first thing on stderr.
  func open() {
    let threads = launch.placement.threads.count
    console.say(
      "run \(launch.runIdentifier): \(counted(launch.size, "worker")) with \(counted(threads, "thread")) each; "
        + (launch.logs.map { "logs in \($0)" } ?? "no logs"))
    for note in launch.notes { console.say("note: \(note)") }
  }

  /// Says how the run ended, as the last thing on stderr.
  func close(_ outcome: Outcome) {
    // Somebody who has asked to stop is not kept waiting by a reader that has stalled.
    console.drain(patience: outcome.stopSignal == nil ? .seconds(5) : .milliseconds(500))
    if let rank = outcome.firstFailure {
      console.errors.write(report(outcome, firstFailure: rank).text)
    } else {
      console.say(closingLine(outcome))
    }
    console.drain(patience: .milliseconds(500))
  }

  private func report(_ outcome: Outcome, firstFailure rank: Int) -> FailureReport {
    FailureReport(
      runIdentifier: launch.runIdentifier, outcome: outcome, failure: outcome.ends[rank],
      process: processes[rank], lastLines: outputs[rank].tail.text, logPath: launch.logPath(rank: rank),
      advice: launch.advice, stoppedRanks: stoppedRanks)
  }

  private func closingLine(_ outcome: Outcome) -> String {
    switch ExitCode(rawValue: outcome.exitCode) {
    case .done: "\(counted(launch.size, "worker")) finished in \(elapsed(now))"
    case .stoppedEarly:
      "stopped early after \(elapsed(now)); the same command with --resume auto goes on"
    default:
      "stopped by \(outcome.stopSignal ?? .terminate) after \(elapsed(now)), before the state was saved"
    }
  }
}
