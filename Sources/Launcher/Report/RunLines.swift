import Recipe

/// What the launcher says of a run on its own behalf, but for the report of a failure.
extension Launch {
  /// What is about to run.
  var openingLine: String {
    "run \(runIdentifier): \(counted(size, "worker")) with \(counted(placement.threads.count, "thread")) each; "
      + (logFolder.map { "logs in \($0)" } ?? "no logs")
  }

  /// That this attempt begins.
  var attemptLine: String {
    "attempt \(attempt)" + (logFolder.map { ": logs in \($0)" } ?? "")
  }

  /// That another attempt follows, the `number`th start of those that the budget allows.
  func retryLine(after delay: Duration, number: Int) -> String {
    "starting again in \(elapsed(delay)) (\(number) of \(restarts.count))"
  }

  /// How a run ended that did not fail.
  func closingLine(_ outcome: Outcome, after time: Duration) -> String {
    switch ExitStatus(rawValue: outcome.exitStatus) {
    case .done: "\(counted(size, "worker")) finished in \(elapsed(time))"
    case .stoppedEarly: "stopped early after \(elapsed(time)); \(advice.again) goes on"
    default:
      "stopped by \(outcome.stopSignal ?? .terminate) after \(elapsed(time)), before the state was saved"
    }
  }
}

extension Fleet {
  /// What a request to stop leads to now.
  var answerToStop: String {
    if isWaiting { return "not starting the workers again" }
    return deadline == nil
      ? "asking the workers to stop after this step; a second one stops them at once"
      : "stopping the workers at once"
  }
}

extension Console {
  /// Where to look for lines that nobody reads any more.
  var lostReadersLine: String {
    "\(lostReaders.joined(separator: ", ")); the run goes on, and its lines are in its logs alone"
  }
}
