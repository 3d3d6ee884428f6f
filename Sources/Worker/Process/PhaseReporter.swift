import System
import Torch
import Training
import WorkerLink

/// Tells the launcher what this worker does, without a system call; without a launcher, nobody.
final class PhaseReporter: StepObserver {
  private let slot: StatusSlot?
  private var state = WorkerStatus()
  /// Nil until it is chosen.
  private var device: Device?
  private var epochWatch = Stopwatch()
  private var best = BestAccuracy()

  /// Tells the launcher that the environment names, on this worker's place on its board.
  init(_ environment: [String: String], slot number: Int) {
    slot = StatusSlot(environment, rank: number)
    state.since = monotonicNanoseconds()
    slot?.publish(state)
  }

  /// Has the launcher's signal for it write the stacks of this process.
  func writeStacksOnSignal() { slot?.writeStacksOnSignal() }

  /// A rank of another host of whose failure the launcher has told; nil where of none.
  var failureElsewhere: Int? { slot?.failureElsewhere }

  /// Tells on which card this worker computes.
  func compute(on device: Device) {
    self.device = device
    state.card = WorkerStatus.Card(device)
    slot?.publish(state)
  }

  /// Tells of a run before its first epoch here: how many epochs it is to have, and what it has come to.
  func begin(epochs: Int, best: BestAccuracy) {
    (state.epochs, self.best) = (epochs, best)
  }

  /// Begins a phase, and so ends the one before; said again, it tells that there is progress.
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

  /// Begins an epoch, of which an earlier attempt may have done some steps.
  func begin(_ epoch: EpochRecord) {
    state.epoch = epoch.epoch
    state.step = epoch.place.steps
    state.stepsOfEpoch = epoch.steps
    epochWatch = Stopwatch()
    enter(.data)
  }

  /// Tells whether the newest checkpoint that this rank was to save came to nothing.
  func endSave(failed: Bool) {
    state.isUnsaved = failed
    slot?.publish(state)
  }

  /// Tells that this worker ends because its disk has no room.
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

  /// Ends an epoch, which is evaluated and written.
  func finish(_ summary: EpochSummary) {
    let before = best
    best = best.with(summary.tally, average: summary.averageTally)
    state.finished = FinishedEpoch(summary, best: best, after: before, seconds: epochWatch.elapsed)
    slot?.publish(state)
  }
}

extension FinishedEpoch {
  /// What is told of a finished epoch.
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
  /// A phase of a step, as the launcher's board names it.
  init(_ phase: StepPhase) {
    switch phase {
    case .forward: self = .forward
    case .backward: self = .backward
    case .communicate: self = .communicate
    case .optimizer: self = .optimizer
    }
  }
}
