import Checkpoint
import Collective
import Datasets
import Flags
import Recipe
import System
import SystemPackage
import Training
import WorkerLink

/// The checkpoints of a run: all ranks decide alike and at the same step, and the first rank writes while
/// training continues.
///
/// Ranks that keep copies write too. Only the first rank determines whether a checkpoint counts as saved; a
/// failed copy is reported.
final class Checkpoints {
  private let trainer: Trainer
  private let recipe: Recipe
  private let classes: [ClassName]
  private let folder: OutputFolder
  private let rank: Rank
  /// On the first rank, and on those that keep copies.
  private let writer: CheckpointWriter?
  private var timing: CheckpointTiming
  private var reports: SaveReports
  /// Whether this attempt made any step that an earlier one did not.
  private(set) var areNeeded = false
  /// The latest checkpoint begun, equal on all ranks.
  private var newest: CheckpointName?
  /// The checkpoint at the end of the steps of the epoch being evaluated.
  private var unevaluated: CheckpointName?
  /// Whether the last checkpoint was not even begun, because the one before took too long.
  private var isLastGivenUp = false

  /// How long an ending run waits for a checkpoint being written.
  private static let patience = Duration.seconds(600)
  /// How long an epoch's end waits for one; most are written within a second.
  private static let epochPatience = Duration.seconds(10)

  init(
    of trainer: Trainer, _ recipe: Recipe, classes: [ClassName], in folder: OutputFolder,
    _ settings: RunSettings, _ rank: Rank, keepsCopies: Bool
  ) {
    (self.trainer, self.recipe, self.classes) = (trainer, recipe, classes)
    (self.folder, self.rank) = (folder, rank)
    timing = CheckpointTiming(every: settings.checkpointEvery ?? 0)
    reports = SaveReports(ofCopies: !rank.isFirst)
    var store = folder.checkpoints
    store.lineage = rank.environment.hosts?.run
    writer = rank.isFirst || keepsCopies ? CheckpointWriter(store, keeping: settings.keep) : nil
  }

  /// The signals that this rank sends with its next step.
  var signals: RankSignals {
    var signals: RankSignals = []
    if StopSignal.isRequested { signals.insert(.stop) }
    if CheckpointRequest.take() { signals.insert(.save) }
    if writer?.isBusy == true { signals.insert(.isSaving) }
    return signals
  }

  /// Begins to map the memory of checkpoints, during the first steps.
  func prepare() {
    if trainer.savedByteCount > 0 { writer?.prepare(byteCount: trainer.savedByteCount) }
  }

  /// Whether to save after a step; called once for each, in order.
  func areDue(after step: FinishedStep) -> Bool {
    sayOutcomes()
    areNeeded = true
    return timing.saves(after: step)
  }

  /// Saves after a step; returns the seconds for which training stood still.
  func save(_ progress: RunProgress) throws -> Double {
    let watch = Stopwatch()
    try save(state(progress))
    return watch.elapsed
  }

  /// Saves after the last step of an epoch, before its evaluation; skipped if the previous checkpoint is
  /// written too slowly.
  func finishSteps(_ progress: RunProgress) throws {
    // A run that resumed here has it already.
    guard areNeeded, try isFree(within: Self.epochPatience) else { return }
    try save(state(progress))
    unevaluated = newest
  }

  /// Saves after an epoch; if the previous checkpoint is written too slowly, after a later step, unless the
  /// run ends.
  func finishEpoch(_ progress: RunProgress, isBest: Bool, isLast: Bool) throws {
    if try isFree(within: isLast ? Self.patience : Self.epochPatience) {
      let state = state(progress)
      // A request that came during the evaluation, of which no step will hear.
      if CheckpointRequest.take(), rank.isFirst { reports.expect(state.name) }
      if try !relabel(as: state, isBest: isBest) { try save(state, isBest: isBest) }
    } else if isLast {
      isLastGivenUp = true
      giveUp(state(progress))
    } else {
      timing.postpone()
    }
    unevaluated = nil
    if isLast { finishRun() }
  }

  /// Turns the checkpoint from before the evaluation, which has the same tensors, into the finished epoch's;
  /// false, on all ranks, if that is not possible.
  private func relabel(as state: TrainingState, isBest: Bool) throws -> Bool {
    guard let unevaluated else { return false }
    rank.phases.enter(.checkpoint)
    let own = writer?.relabel(unevaluated, as: state.name, state: state, isBest: isBest) ?? true
    guard try !answers(own).contains([0]) else { return false }
    newest = state.name
    return true
  }

  private func state(_ progress: RunProgress) -> TrainingState {
    progress.state(recipe, classes: classes, of: trainer)
  }

  /// Every rank's answer, 1 for yes.
  private func answers(_ own: Bool) throws -> [[UInt8]] {
    rank.phases.enter(.communicate)
    return try rank.group.allGather([own ? 1 : 0])
  }

  private func isFree(within patience: Duration) throws -> Bool {
    defer { sayOutcomes() }
    return try writersAreFree(writer, in: rank.group, within: patience) { rank.phases.enter($0) }
  }

  /// Saves; all ranks know that no save is under way.
  private func save(_ state: TrainingState, isBest: Bool = false) throws {
    let isAskedFor = timing.begin()
    newest = state.name
    rank.phases.enter(.communicate)
    defer { rank.phases.enter(.data) }
    guard let writer else { return try trainer.shareForSaving() }
    guard try writer.begin(state.name, state: state, isBest: isBest, trainer.save) else {
      fatalError("checkpoint \(state.name) was begun beside another one")
    }
    if isAskedFor, rank.isFirst { reports.expect(state.name) }
  }

  private func giveUp(_ state: TrainingState) {
    guard rank.isFirst else { return }
    Console.warn("warning: checkpoint \(state.name) was not saved: the one before it is still being written")
  }

  private func sayOutcomes() {
    while let outcome = writer?.takeOutcome() {
      let lines = reports.lines(about: outcome)
      rank.phases.endSave(failed: reports.lastFailed)
      for line in lines { Console.warn(line) }
    }
  }

  /// Ends a run at a state: saves it unless it is saved, waits until it is on the disk, and reports that;
  /// returns whether it is, alike on all ranks.
  func end(_ how: String, at progress: RunProgress) throws -> Bool {
    let state = state(progress)
    let isSaved = try secure(state)
    // Every rank ends after the same step, so one line is enough.
    guard rank.isFirst else { return isSaved }
    Console.warn(
      "\(how) in epoch \(state.epoch), after step \(state.steps) of the run. \(wayOn(state, isSaved))")
    return isSaved
  }

  private func wayOn(_ state: TrainingState, _ isSaved: Bool) -> String {
    let store = folder.checkpoints
    if isSaved {
      return "From there \(again) goes on: \(store.folder)/\(state.name)"
    }
    guard let earlier = store.newestVerified().checkpoint else {
      return "Its checkpoint was not saved, and there is no earlier one in \(store.folder)."
    }
    return
      "Its checkpoint was not saved: \(again) goes on from an earlier one: \(earlier.folder)"
  }

  /// How to resume the run; under a launcher, which says how itself, only the run's name.
  private var again: String {
    rank.environment.rendezvous == nil
      ? "twins-worker --resume \(FilePath(folder.path).quoted)" : "the run"
  }

  private func secure(_ state: TrainingState) throws -> Bool {
    // Twice, in case the folder is removed during the first attempt.
    for _ in 0..<2 {
      guard try isFree(within: Self.patience) else {
        giveUp(state)
        return false
      }
      if newest != state.name {
        try save(state)
        _ = try isFree(within: Self.patience)
      }
      if try answers(isOnDisk(state.name))[0] == [1] { return true }
      newest = nil
    }
    return false
  }

  private func isOnDisk(_ name: CheckpointName) -> Bool {
    writer?.isBusy == false && !reports.lastFailed && folder.checkpoints.holds(name)
  }

  /// A run with its weights written counts as finished: a failure would restart it, at worst from epoch 0.
  private func finishRun() {
    if isLastSaved() { return }
    Console.warn(
      rank.isFirst
        ? "warning: the run is done and its weights are in \(folder.path), but its last checkpoint was not saved. "
          + "--resume auto would go on from the one before it."
        : "warning: the last checkpoint has no copy in \(folder.checkpoints.folder)")
  }

  /// Whether the last checkpoint is on the disk, after it is written, has failed, or is given up.
  private func isLastSaved() -> Bool {
    guard let writer else { return true }
    guard let newest, !isLastGivenUp else { return !isLastGivenUp }
    rank.phases.enter(.checkpoint)
    guard writer.wait(within: Self.patience) else {
      Console.warn(
        "warning: the checkpoint is still being written after \(Self.patience): no longer waited for")
      return false
    }
    sayOutcomes()
    return isOnDisk(newest)
  }
}

extension TrainingState {
  /// The checkpoint's name.
  var name: CheckpointName { CheckpointName(epoch: epoch, step: partial?.steps) }
}

/// A rank's answer about its writer.
private enum WriterAnswer: UInt8 {
  case isFree
  case isBusy
  case isTooSlow
}

/// Waits, alike on all ranks, until no rank's writer is busy; false if that takes longer than `patience`.
///
/// Every rank must call it, and shows meanwhile that it is alive. Most have no writer.
func writersAreFree(
  _ writer: CheckpointWriter?, in group: any ProcessGroup, within patience: Duration,
  _ enter: (Phase) -> Void = { _ in }
) throws(CollectiveError) -> Bool {
  let end = ContinuousClock.now + patience
  while true {
    enter(.checkpoint)
    let rest = end - .now
    let isFree = writer?.wait(within: min(rest, .seconds(1))) ?? true
    let own: WriterAnswer = isFree ? .isFree : rest > .zero ? .isBusy : .isTooSlow
    enter(.communicate)
    let all = try group.allGather([own.rawValue])
    if !all.contains([WriterAnswer.isBusy.rawValue]) {
      return !all.contains([WriterAnswer.isTooSlow.rawValue])
    }
  }
}
