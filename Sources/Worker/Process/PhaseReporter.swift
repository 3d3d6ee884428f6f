import System
import Torch
import Training
import WorkerLink

/// Publishes on the launcher's board what this worker does, without system calls; does nothing without a
/// launcher.
final class PhaseReporter: StepObserver {
  private let slot: StatusSlot?
  private var state = WorkerStatus()
  /// Nil until it is chosen.
  private var device: Device?
  private var epochWatch = Stopwatch()
  private var best = BestAccuracy()

  /// Publishes in this worker's slot of the board that the environment names.
  init(_ environment: [String: String], slot number: Int) {
    slot = StatusSlot(environment, rank: number)
    state.since = monotonicNanoseconds()
    slot?.publish(state)
  }

  /// Makes the launcher's signal write the stacks of this process.
  func writeStacksOnSignal() { slot?.writeStacksOnSignal() }

  /// A rank of another host of whose failure the launcher has told; nil if of none.
  var failureElsewhere: Int? { slot?.failureElsewhere }

  /// Publishes which card this worker uses.
  func compute(on device: Device) {
    self.device = device
    state.card = WorkerStatus.Card(device)
    slot?.publish(state)
  }

  /// Publishes the run's number of epochs and best results, before its first epoch here.
  func begin(epochs: Int, best: BestAccuracy) {
    (state.epochs, self.best) = (epochs, best)
  }

  /// Begins a phase, which ends the one before; repeated calls show progress.
  func enter(_ phase: Phase) {
    guard let slot else { return }
    let now = monotonicNanoseconds()
    state.spent[state.phase.rawValue] += now - min(now, state.since)
    state.phase = phase
    state.since = now
    slot.publish(state)
  }

  /// Begins a phase of a step.
  func begin(_ phase: StepPhase) { enter(Phase(phase)) }

  /// Begins an epoch, some of whose steps an earlier attempt may have made.
  func begin(_ epoch: EpochRecord) {
    state.epoch = epoch.epoch
    state.step = epoch.place.steps
    state.stepsOfEpoch = epoch.steps
    epochWatch = Stopwatch()
    enter(.data)
  }

  /// Publishes whether this rank's newest save failed.
  func endSave(failed: Bool) {
    state.isUnsaved = failed
    slot?.publish(state)
  }

  /// Publishes that this worker ends because its disk is full.
  func endWithoutRoom() {
    state.lacksRoom = true
    slot?.publish(state)
  }

  /// Ends a step.
  func finish(_ step: StepRecord) {
    state.step = step.place.steps
    state.stepsDone += 1
    (state.loss, state.learningRate) = (step.loss, step.learningRate)
    if slot != nil { state.card?.peakBytes = device?.peakBytes }
    state.imagesPerSecond = Double(step.images) / max(step.stepSeconds, 1e-9)
    enter(.data)
  }

  /// Ends an epoch, which has been evaluated and written.
  func finish(_ summary: EpochSummary) {
    let before = best
    best = best.with(summary.tally, average: summary.averageTally)
    state.finished = FinishedEpoch(summary, best: best, after: before, seconds: epochWatch.elapsed)
    slot?.publish(state)
  }
}

extension FinishedEpoch {
  /// The published results of a finished epoch.
  init(_ summary: EpochSummary, best: BestAccuracy, after before: BestAccuracy, seconds: Double) {
    self.init(summary.epoch, seconds: seconds)
    trainingLoss = summary.trainingLoss
    averageAccuracy1 = summary.averageTally?.accuracy1
    guard let tally = summary.tally else { return }
    (loss, accuracy1, accuracy5) = (tally.meanLoss, tally.accuracy1, tally.accuracy5)
    (balancedAccuracy, self.best, isBest) = (tally.balancedAccuracy, best.own, best.own > before.own)
  }
}

extension WorkerStatus.Card {
  /// Nil for the CPU.
  init?(_ device: Device) {
    switch device.kind {
    case .cpu: return nil
    case .cuda: self.init(.cuda, number: device.index, peakBytes: device.peakBytes)
    case .npu: self.init(.npu, number: device.index, peakBytes: device.peakBytes)
    }
  }
}

extension Phase {
  /// The board's phase for a phase of a step.
  init(_ phase: StepPhase) {
    switch phase {
    case .forward: self = .forward
    case .backward: self = .backward
    case .communicate: self = .communicate
    case .optimizer: self = .optimizer
    }
  }
}
