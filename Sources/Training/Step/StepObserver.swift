/// An observer of a run's steps, such as the launcher's board, the reference's log lines or `train.jsonl`.
///
/// All calls come on the training thread and delay the step, so an observer should return quickly. It must
/// not change the run. The trainer reports phases; whoever runs the steps reports everything else.
public protocol StepObserver: AnyObject {
  /// An epoch begins, or continues after the steps of an earlier attempt.
  func begin(_ epoch: EpochRecord)

  /// A phase of a step begins and ends the phase before.
  ///
  /// A phase may begin several times in a step: forward and backward once for each part of the batch, the
  /// optimizer before and after an exchange of weights.
  func begin(_ phase: StepPhase)

  /// On a card, a sentence that says how steps are executed from here on.
  func hear(_ sentence: String)

  /// All ranks have made a step; a due checkpoint and other follow-up work are still to come.
  ///
  /// A step skipped for its loss scale counts; a step that threw does not.
  func finish(_ step: StepRecord)

  /// The follow-up work of the step is done too: all ranks' damaged images are counted, and a due checkpoint
  /// has begun.
  func settle(_ step: StepRecord)

  /// The last step of an epoch has settled; not called for an epoch that ends early.
  func finish(_ epoch: EpochRecord)

  /// An epoch has been evaluated, and its weights and its line in `log.txt` written; the checkpoint that
  /// records this follows.
  ///
  /// A run that dies before that checkpoint evaluates the epoch again and calls this again.
  func finish(_ summary: EpochSummary)
}

extension StepObserver {
  /// Does nothing by default.
  public func begin(_ epoch: EpochRecord) {}
  /// Does nothing by default.
  public func begin(_ phase: StepPhase) {}
  /// Does nothing by default.
  public func hear(_ sentence: String) {}
  /// Does nothing by default.
  public func finish(_ step: StepRecord) {}
  /// Does nothing by default.
  public func settle(_ step: StepRecord) {}
  /// Does nothing by default.
  public func finish(_ epoch: EpochRecord) {}
  /// Does nothing by default.
  public func finish(_ summary: EpochSummary) {}
}

/// The phases of a step on one rank.
public enum StepPhase: Hashable, Sendable, CaseIterable {
  case forward
  case backward
  /// Exchanging data with other ranks, or waiting for them.
  case communicate
  case optimizer
}

/// Reports a step's phases to observers and measures them.
final class PhaseClock {
  var observers: [any StepObserver] = []
  private var current: (phase: StepPhase, since: ContinuousClock.Instant)?
  private var seconds: [StepPhase: Double] = [:]

  /// Starts a step with its first phase; an earlier step that threw is forgotten.
  func start(_ phase: StepPhase) {
    (current, seconds) = (nil, [:])
    begin(phase)
  }

  /// Begins a phase and ends the one before.
  func begin(_ phase: StepPhase) {
    let now = ContinuousClock.now
    settle(now)
    current = (phase, now)
    for observer in observers { observer.begin(phase) }
  }

  /// Passes a sentence on how steps are executed to the observers.
  func tell(_ sentence: String) { for observer in observers { observer.hear(sentence) } }

  /// Ends the last phase and returns the seconds of each since the last call.
  func finish() -> [StepPhase: Double] {
    settle(.now)
    return seconds
  }

  private func settle(_ now: ContinuousClock.Instant) {
    if let current { seconds[current.phase, default: 0] += (now - current.since) / .seconds(1) }
  }
}
