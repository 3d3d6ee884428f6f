/// Somebody who watches a run's steps: the launcher's board, the lines of the reference, `train.jsonl`.
///
/// All calls come on the training thread and hold the step up: an observer says or writes what it has to, and returns.
/// It changes nothing of the run. The trainer tells of phases; who runs the steps tells of all else.
public protocol StepObserver: AnyObject {
  /// An epoch begins, or goes on after the steps that an earlier attempt made.
  func begin(_ epoch: EpochRecord)

  /// A phase of a step begins, which ends the phase before.
  ///
  /// It may come several times in a step: forward and backward once for each part of the batch, the optimizer before and
  /// after an exchange of weights.
  func begin(_ phase: StepPhase)

  /// How steps are made from here on, in a sentence; of a card.
  func hear(_ sentence: String)

  /// All ranks have made a step; what follows it is still to be done.
  ///
  /// A step that was skipped for its loss scale is one too; a step that threw is none.
  func finish(_ step: StepRecord)

  /// What followed the step is done too: the damaged images of all ranks are counted, a checkpoint that was due is begun.
  func settle(_ step: StepRecord)

  /// The last step of an epoch is settled; it comes to no epoch that ends early.
  func finish(_ epoch: EpochRecord)

  /// An epoch is evaluated, and its weights and its line in `log.txt` are written; the checkpoint that says so follows.
  ///
  /// A run that dies before that checkpoint evaluates the epoch again, and tells of it again.
  func finish(_ summary: EpochSummary)
}

extension StepObserver {
  /// Ignores it.
  public func begin(_ epoch: EpochRecord) {}
  /// Ignores it.
  public func begin(_ phase: StepPhase) {}
  /// Ignores it.
  public func hear(_ sentence: String) {}
  /// Ignores it.
  public func finish(_ step: StepRecord) {}
  /// Ignores it.
  public func settle(_ step: StepRecord) {}
  /// Ignores it.
  public func finish(_ epoch: EpochRecord) {}
  /// Ignores it.
  public func finish(_ summary: EpochSummary) {}
}

/// What a rank is busy with in a step.
public enum StepPhase: Hashable, Sendable, CaseIterable {
  case forward
  case backward
  /// Waiting for other ranks, or exchanging with them.
  case communicate
  case optimizer
}

/// Tells observers of a step's phases, and how long each took.
final class PhaseClock {
  var observers: [any StepObserver] = []
  private var current: (phase: StepPhase, since: ContinuousClock.Instant)?
  private var seconds: [StepPhase: Double] = [:]

  /// Begins a step with its first phase; what an earlier step left that threw is forgotten.
  func start(_ phase: StepPhase) {
    (current, seconds) = (nil, [:])
    begin(phase)
  }

  /// Begins a phase, which ends the one before.
  func begin(_ phase: StepPhase) {
    let now = ContinuousClock.now
    settle(now)
    current = (phase, now)
    for observer in observers { observer.begin(phase) }
  }

  /// Tells observers how steps are made.
  func tell(_ sentence: String) { for observer in observers { observer.hear(sentence) } }

  /// Ends the last phase; the seconds of each since the last call.
  func finish() -> [StepPhase: Double] {
    settle(.now)
    return seconds
  }

  private func settle(_ now: ContinuousClock.Instant) {
    if let current { seconds[current.phase, default: 0] += (now - current.since) / .seconds(1) }
  }
}
