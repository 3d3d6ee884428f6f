import RunControl

/// The state of a run at a time, read once for all viewers.
struct RunReading: Sendable {
  /// Seconds since 1970.
  var now: Double
  var history: RunHistory
  /// The launcher's answer; nil if no launcher answers.
  var status: RunStatus?
  /// Whether there is a launcher that does not answer.
  var isSilent = false
  /// The use of its machine; nil if that is not this one, or the run has ended.
  var system: SystemUse?
  /// The remaining time of the epoch, and of the run.
  var restOfEpoch: RunPace.Rest?
  var restOfRun: RunPace.Rest?
  var evaluation: EvaluationNote?
  var mistakes: [Mistake] = []

  init(_ history: RunHistory, at now: Double) { (self.history, self.now) = (history, now) }
}
