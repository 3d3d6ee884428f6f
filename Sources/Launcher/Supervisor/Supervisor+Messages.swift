import Board
import Recipe

extension Supervisor {
  /// Says what is about to run, as the first thing on stderr.
  func open() {
    let threads = launch.placement.threads.count
    console.say(
      "run \(launch.runIdentifier): \(counted(launch.size, "worker")) with \(counted(threads, "thread")) each; "
        + (launch.logFolder.map { "logs in \($0)" } ?? "no logs"))
    for note in launch.notes { console.say("note: \(note)") }
  }

  /// Says how the run ended, as the last thing on stderr.
  func close(_ outcome: Outcome) {
    endService(outcome)
    // Somebody who has asked to stop is not kept waiting by a reader that has stalled.
    console.drain(patience: outcome.stopSignal == nil ? .seconds(5) : .milliseconds(500))
    if let rank = outcome.firstFailure {
      console.errors.write(report(outcome, firstFailure: rank).text)
      if let reason = outcome.reasonToStop { console.say("not started again: \(reason)") }
    } else {
      console.say(closingLine(outcome))
    }
    console.drain(patience: .milliseconds(500))
  }

  /// Says that an attempt failed and that another follows.
  func sayRetry(after outcome: Outcome, _ delay: Duration, _ number: Int) {
    guard let rank = outcome.firstFailure else { return }
    console.errors.write(report(outcome, firstFailure: rank).shortText)
    console.say("starting again in \(elapsed(delay)) (\(number) of \(launch.restarts.count))")
  }

  /// Says once of each reader of our output that it went, where somebody will look: in rank 0's log, and on stderr.
  func sayLostReaders() {
    let lost = console.lostReaders
    guard lost.count > saidLostReaders else { return }
    saidLostReaders = lost.count
    let text = "\(lost.joined(separator: ", ")); the run goes on, and its lines are in its logs alone"
    outputs[0].note(text, console: &console)
    console.say("note: \(text)")
  }

  private func report(_ outcome: Outcome, firstFailure rank: Int) -> FailureReport {
    FailureReport(
      runIdentifier: launch.runIdentifier, outcome: outcome, failure: outcome.ends[rank],
      process: processes[rank], lastLines: outputs[rank].tail.text, logPath: launch.logPath(rank: rank),
      advice: launch.currentAdvice, stoppedRanks: stoppedRanks, section: section(of: rank),
      attempt: launch.restarts.count > 0 ? outcome.attempt : nil,
      card: launch.cards.indices.contains(rank) ? launch.cards[rank] : nil,
      memoryKills: memoryKills.since)
  }

  /// What a rank was busy with at its end, if it got beyond its start.
  private func section(of rank: Int) -> String? {
    guard let state = liveness?.board.read(rank: rank)?.state, state.epoch != nil else { return nil }
    return state.section.name
  }

  private func closingLine(_ outcome: Outcome) -> String {
    switch ExitCode(rawValue: outcome.exitCode) {
    case .done: "\(counted(launch.size, "worker")) finished in \(elapsed(now))"
    case .stoppedEarly:
      "stopped early after \(elapsed(now)); \(launch.advice.again) goes on"
    default:
      "stopped by \(outcome.stopSignal ?? .terminate) after \(elapsed(now)), before the state was saved"
    }
  }
}
