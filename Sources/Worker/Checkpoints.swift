import Board
import Checkpoint
import Collective
import Flags
import Training

/// The checkpoints of a run: all ranks decide alike and at the same step, and the first one writes, while training goes on.
final class Checkpoints {
  private let setup: RunSetup
  private let trainer: Trainer
  /// Of the first rank.
  private let writer: CheckpointWriter?
  private var timing: CheckpointTiming
  private var reports = SaveReports()

  /// How long a run that ends waits for its last checkpoint to be on the disk.
  private static let patience = Duration.seconds(600)

  init(_ setup: RunSetup, _ trainer: Trainer) {
    self.setup = setup
    self.trainer = trainer
    timing = CheckpointTiming(every: setup.flags.checkpointEvery ?? 0)
    writer =
      setup.placement.isFirst
      ? CheckpointWriter(setup.folder.checkpoints, keeping: setup.flags.keep) : nil
  }

  /// What this rank tells the others with its next step.
  var signals: RankSignals {
    var signals: RankSignals = []
    if StopSignal.isRequested { signals.insert(.stop) }
    if CheckpointRequest.take() { signals.insert(.save) }
    if writer?.isBusy == true { signals.insert(.isSaving) }
    return signals
  }

  /// Saves after a step where that is due; the seconds for which training stood still, or nil.
  func finish(_ step: FinishedStep, _ state: @autoclosure () -> TrainingState) throws -> Double? {
    sayOutcomes()
    guard timing.saves(after: step) else { return nil }
    return try save(state(), waiting: step.signals.contains(.stop))
  }

  /// Saves after an epoch; one whose predecessor is still being written follows after the next step, the last of the
  /// run waits.
  func finishEpoch(_ state: @autoclosure () -> TrainingState, isBest: Bool, isLast: Bool) throws {
    sayOutcomes()
    if isLast {
      _ = try save(state(), isBest: isBest, waiting: true)
      finishRun()
    } else if try setup.group.allGather([writer?.isBusy == true ? 1 : 0])[0] == [1] {
      timing.postpone()
    } else {
      _ = try save(state(), isBest: isBest, waiting: false)
    }
  }

  private func save(_ state: TrainingState, isBest: Bool = false, waiting: Bool) throws -> Double {
    let watch = Stopwatch()
    let isAskedFor = timing.begin()
    setup.sections.enter(.communicate)
    defer { setup.sections.enter(.data) }
    guard let tensors = try trainer.collectForSaving(), let writer else { return watch.elapsed }
    setup.sections.enter(.checkpoint)
    if waiting { _ = writer.wait(within: Self.patience) }
    sayOutcomes()
    if tensors.save(state, as: state.name, isBest: isBest, by: writer) {
      if isAskedFor { reports.expect(state.name) }
    } else {
      reports.lastFailed = true
      complain("warning: checkpoint \(state.name) was not saved: the one before it is still being written")
    }
    return watch.elapsed
  }

  private func sayOutcomes() {
    while let outcome = writer?.takeOutcome() {
      for line in reports.lines(about: outcome) { complain(line) }
    }
  }

  /// Waits for the checkpoint at which the run was stopped, and says what came of it.
  func finishStopped(at state: TrainingState) {
    wait()
    // Every rank stops after the same step, so one line is enough.
    guard setup.placement.isFirst else { return }
    let rest =
      reports.lastFailed
      ? "Its checkpoint was not saved: the same command with --resume auto goes on from the one before it."
      : "The same command with --resume auto goes on from there: \(setup.folder.checkpoints.folder)/\(state.name)"
    complain("stopped by a signal in epoch \(state.epoch), after step \(state.steps) of the run. \(rest)")
  }

  /// A run that has its weights is done: failing would have it started again, at worst from epoch 0.
  private func finishRun() {
    wait()
    guard reports.lastFailed else { return }
    complain(
      "warning: the run is done and its weights are in \(setup.folder.path), but its last checkpoint was not saved. "
        + "--resume auto would go on from the one before it.")
  }

  private func wait() {
    guard let writer else { return }
    setup.sections.enter(.checkpoint)
    if !writer.wait(within: Self.patience) {
      reports.lastFailed = true
      complain("warning: the checkpoint is still being written after \(Self.patience): no longer waited for")
    }
    sayOutcomes()
  }
}

extension TrainingState {
  /// What its checkpoint is called.
  var name: CheckpointName { CheckpointName(epoch: epoch, step: partial?.steps) }
}
