import Checkpoint
import Data
import Flags
import Recipe
import Training

/// What rank 0 knows of a finished epoch.
struct EpochSummary {
  let epoch: Int
  let learningRate: Double
  let trainingLoss: Double
  let tally: Evaluator.Tally?
  let best: Double
  let isBest: Bool
  let isLast: Bool
  let parameters: Int
  /// Damaged pictures that were skipped; nil where none may be.
  let skipped: Int?
}

/// The files that rank 0 writes for a run: recipe, logs, weights and checkpoints.
final class RunRecord {
  /// `train.jsonl`.
  let steps: JSONLines
  private let epochs: JSONLines
  private let setup: RunSetup

  /// Opens the files of a run, which goes on from a state or begins.
  init(_ setup: RunSetup, from state: TrainingState?) throws {
    self.setup = setup
    // Another run in the same folder adds to the logs; one that is to go on, and finds nothing, begins them anew.
    if let state {
      try setup.folder.trimLogs(to: state)
    } else if setup.flags.resume == "auto" {
      try setup.folder.setLogsAside()
    }
    try setup.folder.write(setup.recipe)
    steps = try setup.folder.lines("train.jsonl")
    epochs = try setup.folder.lines("log.txt")
  }

  /// Writes the weights after an epoch and its line in `log.txt`; the checkpoint that says so follows.
  ///
  /// A full disk ends no run: the next epoch, or the next attempt, writes the weights again.
  /// - Returns: Why the weights of the last epoch were not written.
  func finish(_ summary: EpochSummary, _ trainer: Trainer) -> Failure? {
    if let failure = write(summary, trainer) {
      if summary.isLast { return failure }
      complain(
        "warning: the weights after epoch \(summary.epoch) were not written: \(failure) Training goes on.")
    }
    log(summary)
    return nil
  }

  private func write(_ summary: EpochSummary, _ trainer: Trainer) -> Failure? {
    var failure: Failure?
    for _ in 0..<2 {
      do {
        try setup.folder.makeAgain(setup.recipe)
        try writeWeights(summary, trainer)
        return nil
      } catch {
        failure = Failure(error)
      }
      // Another try helps where the folder went in the middle of this one.
      if !setup.folder.isGone { break }
    }
    return failure
  }

  private func writeWeights(_ summary: EpochSummary, _ trainer: Trainer) throws {
    try trainer.withEvaluatedWeights {
      let weights = Weights(setup)
      try weights.write(trainer.network, to: setup.folder.file("last.safetensors"))
      if summary.isBest { try weights.write(trainer.network, to: setup.folder.file("best.safetensors")) }
    }
  }

  private func log(_ summary: EpochSummary) {
    let skipped = summary.skipped.map { [("skipped_pictures", JSONNumber.integer($0))] } ?? []
    epochs.add(
      [
        ("train_lr", .real(summary.learningRate)), ("train_loss", .real(summary.trainingLoss)),
        ("test_loss", .real(summary.tally?.meanLoss ?? .nan)),
        ("test_acc1", .real(summary.tally?.accuracy1 ?? .nan)),
        ("test_acc5", .real(summary.tally?.accuracy5 ?? .nan)), ("epoch", .integer(summary.epoch)),
        ("n_parameters", .integer(summary.parameters)),
      ] + skipped)
  }
}

extension Weights {
  /// What the weight files of a run say of themselves.
  init(_ setup: RunSetup) {
    self.init(
      model: setup.recipe.model.name, classes: setup.data.classes, inputSize: setup.recipe.data.inputSize,
      cropPercent: setup.recipe.data.cropPercent)
  }
}
