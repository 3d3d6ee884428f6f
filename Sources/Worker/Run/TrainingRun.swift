import Checkpoint
import Datasets
import Drawing
import Flags
import Foundation
import Glibc
import Output
import Recipe
import RunControl
import System
import SystemPackage
import Training
import WorkerLink

/// A run in one worker, from its first epoch to its last.
final class TrainingRun {
  /// This worker's rank.
  let rank: Rank
  private let plan: RunPlan
  private let start: Start
  private let trainer: Trainer
  private let images: HostImages
  private let evaluation: Evaluation
  /// Whether this worker saves checkpoints besides the first rank.
  private let keepsCopies: Bool
  private var progress: RunProgress

  /// Makes a run whose network is ready.
  init(_ plan: RunPlan, _ rank: Rank, _ start: Start, keepsCopies: Bool) throws {
    self.keepsCopies = keepsCopies
    (self.plan, self.rank, self.start) = (plan, rank, start)
    (trainer, progress) = (start.trainer, start.progress)
    (progress.shards, progress.images) = (plan.data.training.share?.digest, RunImages(plan.data))
    if plan.settings.trains, let note = try start.note(forShards: progress.shards), rank.isFirst {
      Console.warn(note)
    }
    images = try HostImages(plan, rank)
    // A single pass reads each image once anyway.
    evaluation = Evaluation(
      plan.recipe, plan.data.validation, from: images.validation,
      staysInMemory: plan.settings.cache != nil || !plan.settings.trains, rank)
  }

  /// Times forward passes: `--throughput`.
  func measureThroughput() throws { try Throughput(evaluation).run(trainer.network) }

  /// Evaluates once and changes nothing: `--eval`.
  func evaluate() throws {
    if start.isUntrained, rank.isFirst {
      Console.warn(
        "warning: these are untrained weights, so the accuracy is that of guessing. "
          + "Name trained ones with --resume.")
    }
    if let share = plan.data.validation.share { rank.console.print(share.line) }
    if let report = plan.report { return try examine(report) }
    // A checkpoint's weights and average are both evaluated, as in its run, unless one is asked for.
    if start.resumed != nil, !plan.settings.useEma {
      sayClasses(try evaluateBoth())
    } else {
      sayClasses((try evaluation.run(trainer.network), nil))
    }
  }

  /// Evaluates image by image, prints the results and writes the report.
  private func examine(_ folder: ReportFolder) throws {
    var report = EvaluationReport(
      weights: plan.settings.resume ?? plan.settings.finetune ?? "", model: plan.recipe.model.name,
      images: plan.recipe.data, mirrors: plan.recipe.judging.mirrors, folder: plan.data.validation,
      examination: try evaluation.examine(trainer.network))
    report.thumbnails = try MistakeThumbnails(report).gathered(by: rank)
    var failure: Failure?
    if rank.isFirst {
      for line in report.lines { rank.console.print(line) }
      do {
        try folder.write(report)
        rank.console.print(folder.line)
        if let fault = ReportKeeper.refresh(besides: folder.path, flag: flag(setting:)) {
          Console.warn(fault)
        }
      } catch {
        failure = Failure(error)
      }
    }
    if let shared = try SharedFailure(failure, in: rank.group) { throw shared }
  }

  /// Runs the learning rate test of `--lr-find` and prints its suggestion.
  ///
  /// - Parameter beginning: How the run would begin in whose place this one runs.
  func findRate(updates: Int, toBegin beginning: Beginning, isLaunched: Bool) throws {
    var failure: Failure?
    if rank.isFirst, !Folders.canWrite(plan.folder.path) {
      failure = OutputFolder.refused(masked(plan.folder.path), errorText(errno))
    }
    if let shared = try SharedFailure(failure, in: rank.group) { throw shared }
    let trial = try RateSearch(plan, rank, trainer, updates: updates).run()
    if rank.isFirst {
      let report = RateReport(
        trial, plan.recipe, arguments: Array(CommandLine.arguments.dropFirst()), isLaunched: isLaunched,
        into: Possession.free(besides: plan.folder.path, beginning))
      for line in report.lines(on: .standardOutput(ProcessInfo.processInfo.environment)) {
        rank.console.print(line)
      }
      do throws(Failure) {
        try report.write(to: plan.folder)
        rank.console.print(
          "Written    \(masked(plan.folder.path)): \(RateReport.table), \(RateReport.page)")
      } catch {
        failure = error
      }
    }
    if let shared = try SharedFailure(failure, in: rank.group) { throw shared }
  }

  /// Trains to the last epoch, or to the step after which a signal stops it.
  func train() throws -> ExitStatus {
    let schedule = plan.recipe.schedule
    let watch = Stopwatch()
    // Only on the first rank and only for training: an evaluation or a refused resume leaves the folder
    // unchanged.
    let record =
      rank.isFirst
      ? try RunRecord(plan, from: start.resumed, isLaunched: rank.environment.isFirstAttempt) : nil
    let checkpoints = Checkpoints(
      of: trainer, plan.askedRecipe, classes: plan.data.classes, in: plan.folder, plan.settings, rank,
      keepsCopies: keepsCopies)
    let steps = try TrainingEpoch(plan, images.training, rank, trainer, checkpoints)
    let page = record?.page
    defer { page?.close() }
    trainer.observers = observers(record, of: steps) + [page].compactMap(\.self)
    rank.phases.begin(epochs: schedule.epochs, best: progress.best)
    plan.sayStart(of: rank)
    if let line = images.startLine { rank.console.print(line) }
    let firstEpoch = progress.epoch
    rank.console.print("Start training for \(schedule.epochs) epochs")
    if isOver {
      rank.console.print(
        "Nothing left to train: epoch \(progress.epoch - 1) is done. "
          + "Raise \(endsEarly ? "--early-stop" : "--epochs") to go on.")
      sayMissingWeights()
    } else {
      checkpoints.prepare()
    }
    while !isOver {
      do {
        let rates = schedule.rates(
          updatesOfEpoch: plan.recipe.updates(of: plan.updates), plateau: progress.plateau)
        if trainer.begin(epoch: progress.epoch) { rank.console.print("What was frozen learns from here on") }
        let rate = try steps.run(&progress, rates)
        try finish(rate, record, checkpoints)
        if progress.epoch == firstEpoch, let line = images.line { rank.console.print(line) }
      } catch is StopRequested {
        let isSaved = try checkpoints.end("stopped by a signal", at: progress)
        // Only the rank with the failed disk fails, so that the report has its message.
        return isSaved || !rank.isFirst ? .stoppedEarly : .inputOutput
      } catch let failure as SharedFailure {
        saveBeforeEnd(checkpoints)
        throw failure
      }
      (progress.epoch, progress.partial) = (progress.epoch + 1, PartialEpoch())
    }
    rank.console.print("Training time \(ReferenceLines.duration(watch.elapsed))")
    return .done
  }

  /// Saves what is done by then; what stands in the way of that is not why the run ends.
  private func saveBeforeEnd(_ checkpoints: Checkpoints) {
    guard checkpoints.areNeeded else { return }
    do {
      _ = try checkpoints.end("ended", at: progress)
    } catch {
      Console.warn("warning: what was done since the last checkpoint was not saved: \(error)")
    }
  }

  /// Says where the weights of a run that is done are, whose file somebody removed.
  private func sayMissingWeights() {
    let file = plan.folder.file(RunLayout.weights(.last, average: false))
    guard rank.isFirst, access(file, F_OK) != 0, let newest = plan.folder.checkpoints.names.last else {
      return
    }
    Console.warn(
      "warning: \(masked(file)) is gone. evaluate, predict and export take a checkpoint with the same weights: "
        + FilePath("\(plan.folder.checkpoints.folder)/\(newest)").quoted)
  }

  /// Whether the run ends early for lack of improvement.
  private var endsEarly: Bool { progress.judgement.ends(plan.recipe.judging.earlyStop) }

  /// Whether all epochs are done.
  private var isOver: Bool { progress.epoch >= plan.recipe.schedule.epochs || endsEarly }

  /// The observers of the steps, in the order in which they are called.
  private func observers(_ record: RunRecord?, of steps: TrainingEpoch) -> [any StepObserver] {
    guard let record else { return [rank.phases] }
    let interval = plan.settings.logEvery
    // `ClassRecord` first: when the board shows an epoch, its classes are already written.
    var observers: [any StepObserver] = [
      ClassRecord(plan), rank.phases, TrainingLines(every: interval, of: rank.device, on: rank.console),
      StepLog(record.steps, every: interval), EpochTable(record.table),
      ImageWaitWarning(
        ImageWait(
          threads: rank.decodeThreads, processors: rank.processors, isPacked: plan.data.training.isPacked,
          isCached: plan.settings.cache != nil),
        work: { steps.loaderWork }, warn: Console.warn),
    ]
    if let curves = record.curves(on: rank) { observers.append(curves) }
    if let path = plan.settings.prometheus {
      observers.append(
        PrometheusFile(
          path, run: plan.folder.path, epochs: plan.recipe.schedule.epochs, best: progress.best))
    }
    return observers
  }

  /// Evaluates the weights, and their average if there is one.
  private func evaluateBoth() throws -> (Evaluator.Tally?, Evaluator.Tally?) {
    let network = trainer.network
    return (try evaluation.run(network), try trainer.withAverage { try evaluation.run(network, .averaged) })
  }

  private func sayClasses(_ tallies: (own: Evaluator.Tally?, average: Evaluator.Tally?)) {
    if let own = tallies.own { evaluation.sayClasses(own) }
    if let average = tallies.average { evaluation.sayClasses(average, .averaged) }
  }

  /// Evaluates a finished epoch and writes its results. Its steps have been saved before, whatever happens
  /// meanwhile.
  private func finish(_ rate: Double, _ record: RunRecord?, _ checkpoints: Checkpoints) throws {
    let (epoch, recipe) = (progress.epoch, plan.recipe)
    let evaluates = !plan.settings.noEval && recipe.evaluates(after: epoch)
    if evaluates { try checkpoints.finishSteps(progress) }
    try trainer.settle()
    let (tally, averageTally) = evaluates ? try evaluateBoth() : (nil, nil)
    let best = progress.best.with(tally, average: averageTally)
    let before = (judgement: progress.judgement, plateau: progress.plateau)
    let finding = tally.map { progress.judgement.hear($0, average: averageTally) }
    let isLast = epoch == recipe.schedule.epochs - 1 || endsEarly
    if tally != nil { rank.console.print("Max accuracy: \(fixed(best.own, 2))%") }
    if averageTally != nil { rank.console.print("Max EMA accuracy: \(fixed(best.average, 2))%") }
    if let finding { progress.plateau?.hear(finding.score, after: epoch, recipe.schedule) }
    if record != nil { rank.phases.enter(.checkpoint) }
    let summary = EpochSummary(
      epoch: epoch, updates: progress.updates, learningRate: rate,
      trainingLoss: progress.partial?.loss.globalAverage ?? 0,
      tally: tally, averageTally: averageTally, isBest: finding?.isBest ?? false,
      isBestAverage: finding?.isBestAverage ?? false, isLast: isLast,
      parameters: trainer.network.parameterCount, skipped: progress.partial?.skipped?.count)
    var failure = record?.finish(summary, trainer)
    if isLast {
      failure = try RoomWait(folder: plan.folder.path).settle(failure, in: rank.group, rank.phases.enter) {
        record?.finish(summary, trainer)
      }
      if failure?.isForWantOfRoom == true { rank.phases.endWithoutRoom() }
    }
    rank.phases.enter(.communicate)
    if isLast || evaluates, let shared = try SharedFailure(failure, in: rank.group) {
      // No file holds these weights, so later ones need not beat them.
      progress.judgement = before.judgement
      if isLast {
        // An epoch counts as finished only once its weights are written; until then a resumed run repeats
        // this.
        progress.plateau = before.plateau
        throw shared
      }
    }
    for observer in trainer.observers { observer.finish(summary) }
    // The epoch's line appears when its observer is called, and these belong below it.
    sayClasses((tally, averageTally))
    if endsEarly, epoch < recipe.schedule.epochs - 1 {
      let (title, count) = (recipe.judging.monitor.title, progress.judgement.worse)
      rank.console.print("Ending early: no better \(title) in the last \(counted(count, "evaluation"))")
    }
    (progress.best, progress.partial) = (best, nil)
    // Every rank provides its part of a checkpoint; rank 0 writes it.
    try checkpoints.finishEpoch(progress, isBest: finding?.isBetter ?? false, isLast: isLast)
  }
}
