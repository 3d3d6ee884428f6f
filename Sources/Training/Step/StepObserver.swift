/// Somebody who watches a run's steps: the launcher's board, the lines of the reference, `train.jsonl`.
///
/// Both calls come on the training thread and hold the step up: an observer says or writes what it has to, and returns.
/// It changes nothing of the run.
public protocol StepObserver: AnyObject {
  /// The trainer begins a phase of a step, which ends the phase before.
  ///
  /// A trainer tells the observers that it was made with. A phase may come several times in a step: forward and backward
  /// once for each part of the batch, the optimizer before and after an exchange of weights.
  func begin(_ phase: StepPhase)

  /// All ranks have made a step.
  ///
  /// Who runs the steps calls it, not the trainer, once the record says how long the batch and the step took, and before
  /// anything is saved. A step that was skipped for its loss scale is one too; a step that threw
  /// is none.
  func finish(_ step: StepRecord)
}

extension StepObserver {
  /// Ignores phases.
  public func begin(_ phase: StepPhase) {}
  /// Ignores steps.
  public func finish(_ step: StepRecord) {}
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
  private let observers: [any StepObserver]
  private var current: (phase: StepPhase, since: ContinuousClock.Instant)?
  private var seconds: [StepPhase: Double] = [:]

  init(_ observers: [any StepObserver] = []) { self.observers = observers }

  /// Begins a phase, which ends the one before.
  func begin(_ phase: StepPhase) {
    let now = ContinuousClock.now
    settle(now)
    current = (phase, now)
    for observer in observers { observer.begin(phase) }
  }

  /// Ends the last phase; the seconds of each since the last call.
  func finish() -> [StepPhase: Double] {
    settle(.now)
    defer { (current, seconds) = (nil, [:]) }
    return seconds
  }

  private func settle(_ now: ContinuousClock.Instant) {
    if let current { seconds[current.phase, default: 0] += (now - current.since) / .seconds(1) }
  }
}
