import RunControl

/// What is known of a run at a moment, read once for all who look at it.
struct RunReading: Sendable {
  /// Seconds since 1970.
  var now: Double
  var history: RunHistory
  /// What its launcher says; nil where there is none that answers.
  var status: RunStatus?
  /// Whether there is a launcher, and it does not answer.
  var isSilent = false
  /// What is taken of its machine; nil where it is not on this one, or does not run.
  var system: SystemUse?
  /// Until the last step of the epoch, and until the run's end.
  var restOfEpoch: RunPace.Rest?
  var restOfRun: RunPace.Rest?
  var evaluation: EvaluationNote?
  var mistakes: [Mistake] = []

  init(_ history: RunHistory, at now: Double) { (self.history, self.now) = (history, now) }
}
