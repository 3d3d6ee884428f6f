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
  /// Whether the last checkpoint was not even begun, because the one before it took too long.
  private var isLastGivenUp = false

  /// How long a run that ends waits for the checkpoint that is being written.
  private static let patience = Duration.seconds(600)
  /// How long an epoch's end waits for it: most are written within a second.
  private static let epochPatience = Duration.seconds(10)

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

  /// Begins to put the memory of checkpoints in place, beside the first steps.
  func prepare() { writer?.prepare(byteCount: trainer.savedByteCount) }

  /// Saves after a step where that is due; the seconds for which training stood still, or nil.
  func finish(_ step: FinishedStep, _ state: @autoclosure () -> TrainingState) throws -> Double? {
    sayOutcomes()
    guard timing.saves(after: step) else { return nil }
    let watch = Stopwatch()
    let state = state()
    if try !step.signals.contains(.stop) || isFree(within: Self.patience) {
      try save(state)
    } else {
      giveUp(state)
    }
    return watch.elapsed
  }

  /// Saves after an epoch; one whose predecessor is written too slowly follows after a later step, unless the run ends.
  func finishEpoch(_ state: @autoclosure () -> TrainingState, isBest: Bool, isLast: Bool) throws {
    if try isFree(within: isLast ? Self.patience : Self.epochPatience) {
      let state = state()
      // A wish that came while the epoch was evaluated, which no step will hear of.
      if CheckpointRequest.take() { reports.expect(state.name) }
      try save(state, isBest: isBest)
    } else if isLast {
      giveUp(state())
    } else {
      timing.postpone()
    }
    if isLast { finishRun() }
  }

  private func isFree(within patience: Duration) throws -> Bool {
    defer { sayOutcomes() }
    return try firstRankIsFree(writer, in: setup.group, within: patience) { setup.sections.enter($0) }
  }

  /// Saves; no save is under way, and all ranks know that.
  private func save(_ state: TrainingState, isBest: Bool = false) throws {
    let isAskedFor = timing.begin()
    setup.sections.enter(.communicate)
    defer { setup.sections.enter(.data) }
    guard let writer else { return try trainer.shareForSaving() }
    guard try writer.begin(state.name, state: state, isBest: isBest, trainer.save) else {
      fatalError("checkpoint \(state.name) was begun beside another one")
    }
    if isAskedFor { reports.expect(state.name) }
  }

  private func giveUp(_ state: TrainingState) {
    isLastGivenUp = true
    guard setup.placement.isFirst else { return }
    complain("warning: checkpoint \(state.name) was not saved: the one before it is still being written")
  }

  private func sayOutcomes() {
    while let outcome = writer?.takeOutcome() {
      for line in reports.lines(about: outcome) { complain(line) }
    }
  }

  /// Waits for the checkpoint at which the run was stopped, and says what came of it.
  func finishStopped(at state: TrainingState) {
    let isSaved = isLastSaved()
    // Every rank stops after the same step, so one line is enough.
    guard setup.placement.isFirst else { return }
    let rest =
      isSaved
      ? "The same command with --resume auto goes on from there: \(setup.folder.checkpoints.folder)/\(state.name)"
      : "Its checkpoint was not saved: the same command with --resume auto goes on from the one before it."
    complain("stopped by a signal in epoch \(state.epoch), after step \(state.steps) of the run. \(rest)")
  }

  /// A run that has its weights is done: failing would have it started again, at worst from epoch 0.
  private func finishRun() {
    if isLastSaved() { return }
    complain(
      "warning: the run is done and its weights are in \(setup.folder.path), but its last checkpoint was not saved. "
        + "--resume auto would go on from the one before it.")
  }

  /// Whether the last checkpoint is on the disk, once it is, has failed, or is no longer waited for.
  private func isLastSaved() -> Bool {
    guard let writer, !isLastGivenUp else { return !isLastGivenUp }
    setup.sections.enter(.checkpoint)
    guard writer.wait(within: Self.patience) else {
      complain("warning: the checkpoint is still being written after \(Self.patience): no longer waited for")
      return false
    }
    sayOutcomes()
    return !reports.lastFailed
  }
}

extension TrainingState {
  /// What its checkpoint is called.
  var name: CheckpointName { CheckpointName(epoch: epoch, step: partial?.steps) }
}
