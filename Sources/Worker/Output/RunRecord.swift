import Checkpoint
import Datasets
import Flags
import Foundation
import Model
import Output
import Recipe
import System
import Training
import WorkerLink

/// The files that rank 0 writes for a run: recipe, logs, weights and checkpoints.
final class RunRecord {
  /// `train.jsonl`.
  let steps: JSONLines
  /// `summary.csv`.
  let table: GrowingFile
  private let epochs: JSONLines
  private let plan: RunPlan
  /// Nil under the launcher, which holds the folder.
  private let possession: Possession?
  /// Why the newest weights were not written; nil if they were.
  private var trouble: Failure?

  /// Takes possession of the folder and opens the files of a run that resumes from a state or begins.
  ///
  /// - Parameter isLaunched: Whether the user started it, rather than a launcher after a failure: then what
  ///   was learnt after the state is kept.
  init(_ plan: RunPlan, from state: TrainingState?, isLaunched: Bool) throws {
    self.plan = plan
    let owner = "twins-worker, pid \(getpid())"
    possession = try plan.beginning.map {
      try Possession(of: plan.folder.path, beginning: $0, owner: owner)
    }
    try possession?.begin()
    try plan.folder.make()
    // Until now a run with one worker had no folder for them.
    plan.indexes.map(plan.data.keep)
    // Another run in the same folder appends to the logs; one that should resume and finds nothing starts
    // them anew.
    if let state {
      let keepsLines = isLaunched ? try plan.folder.setWeightsAside(after: state) : false
      try plan.folder.trimLogs(to: state, keepingOthers: keepsLines)
      if state.evaluatedOnlyItsAverage { plan.folder.nameBestAverage() }
    } else if plan.settings.resume == "auto" {
      try plan.folder.setLogsAside()
      try plan.folder.setWeightsAside()
    }
    if state == nil { plan.folder.setViewsAside() }
    try plan.folder.write(plan.recipe)
    steps = try plan.folder.lines(RunLayout.steps)
    epochs = try plan.folder.lines(RunLayout.epochs)
    table = try plan.folder.growing(RunLayout.table)
  }

  /// Maintains the run's page, unless a launcher does.
  var page: RunPage? { possession == nil ? nil : RunPage(of: plan.folder.path) }

  /// Writes TensorBoard's curves, with the run's settings and, for a new run, sample images; nil if not
  /// wanted or not possible.
  func curves(on rank: Rank) -> TensorBoardLog? {
    guard !plan.settings.noTensorboard else { return nil }
    let isNew = !plan.folder.events.areThere
    do throws(SystemError) {
      let file = try plan.folder.events.open(at: Date().timeIntervalSince1970)
      let log = TensorBoardLog(
        file, every: plan.settings.logEvery, of: rank.device,
        mistakes: MistakePictures(plan, threads: rank.decodeThreads))
      log.add(plan.recipe)
      if isNew, let sheet = plan.sheetOfTrainingImages(threads: rank.decodeThreads) {
        log.add(sheet, "images/training")
      }
      return log
    } catch {
      Console.warn("warning: no curves for TensorBoard: \(error)")
      return nil
    }
  }

  /// Writes the weights after an epoch and its line in `log.txt`; a checkpoint that records this follows.
  ///
  /// A full disk does not end the run: the next epoch, or the next attempt, writes the weights again.
  /// - Returns: Why the weights were not written.
  func finish(_ summary: EpochSummary, _ trainer: Trainer) -> Failure? {
    let failure = write(summary, trainer)
    // No other step follows the last epoch.
    if failure == nil { steps.catchUp() }
    if let failure, summary.isLast {
      let free = FileSystemSpace(around: plan.folder.path).map { ", and \(byteSize($0.free)) are free" } ?? ""
      return failure.isForWantOfRoom
        ? failure.adding(
          "The weights take \(byteSize(summary.parameters * MemoryLayout<Float>.stride))\(free).")
        : failure
    }
    say(failure, of: summary)
    trouble = failure
    log(summary)
    return failure
  }

  /// Reports a failure once, until it changes or ends.
  private func say(_ failure: Failure?, of summary: EpochSummary) {
    if let failure {
      let isKnown = trouble.map {
        $0.isForWantOfRoom && failure.isForWantOfRoom || $0.description == failure.description
      }
      guard isKnown != true else { return }
      Console.warn(
        "warning: the weights after epoch \(summary.epoch) were not written: \("\(failure)".asSentence) Training goes on, "
          + "and later epochs try again.")
    } else if trouble != nil {
      Console.warn("note: the weights after epoch \(summary.epoch) are written")
    }
  }

  private func write(_ summary: EpochSummary, _ trainer: Trainer) -> Failure? {
    var failure: Failure?
    for _ in 0..<2 {
      do {
        try plan.folder.makeAgain(plan.recipe)
        try possession?.keep()
        try writeWeights(summary, trainer)
        return nil
      } catch {
        failure = Failure(error)
      }
      // A second attempt helps only if the folder disappeared during the first.
      if !plan.folder.isGone { break }
    }
    return failure
  }

  private func writeWeights(_ summary: EpochSummary, _ trainer: Trainer) throws {
    var weights = Weights(plan)
    weights.epoch = summary.epoch
    try write(weights, of: trainer.network, isAverage: false, isBest: summary.isBest)
    try trainer.withAverage {
      try write(weights, of: trainer.network, isAverage: true, isBest: summary.isBestAverage)
    }
  }

  private func write(
    _ weights: Weights, of network: any Network, isAverage: Bool, isBest: Bool
  ) throws(CheckpointError) {
    try weights.write(network, to: plan.folder.file(RunLayout.weights(.last, average: isAverage)))
    guard isBest else { return }
    try weights.write(network, to: plan.folder.file(RunLayout.weights(.best, average: isAverage)))
  }

  private func log(_ summary: EpochSummary) {
    let average = (fields(summary.averageTally) + balanced(summary.averageTally))
      .map { ("\($0.key)_ema", $0.value) }
    let skipped = summary.skipped.map { [("skipped_pictures", JSONNumber.integer($0))] } ?? []
    epochs.add(
      [("train_lr", .real(summary.learningRate)), ("train_loss", .real(summary.trainingLoss))]
        + fields(summary.tally)
        + [("epoch", .integer(summary.epoch)), ("n_parameters", .integer(summary.parameters))]
        + balanced(summary.tally)
        + (plan.recipe.ema.enabled ? average : []) + skipped)
  }

  private func fields(_ tally: Evaluator.Tally?) -> [(key: String, value: JSONNumber)] {
    [
      ("test_loss", .real(tally?.meanLoss ?? .nan)), ("test_acc1", .real(tally?.accuracy1 ?? .nan)),
      ("test_acc5", .real(tally?.accuracy5 ?? .nan)),
    ]
  }
}

/// The fields that the reference does not have.
private func balanced(_ tally: Evaluator.Tally?) -> [(key: String, value: JSONNumber)] {
  [("test_balanced_acc", .real(tally?.balancedAccuracy ?? .nan))]
}

extension Weights {
  /// The description stored in a run's weight files.
  fileprivate init(_ plan: RunPlan) {
    self.init(
      model: plan.recipe.model.name, classes: plan.data.classes, images: plan.recipe.data.preprocessing)
    heldOut = plan.recipe.data.partHeldOut
  }
}
