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
  let parameters: Int
}

/// The files that rank 0 writes for a run: recipe, logs, weights and checkpoints.
final class RunRecord {
  /// `train.jsonl`.
  let steps: JSONLines
  private let epochs: JSONLines
  private let setup: RunSetup

  init(_ setup: RunSetup) throws {
    self.setup = setup
    try setup.folder.write(setup.recipe)
    steps = try setup.folder.lines("train.jsonl")
    epochs = try setup.folder.lines("log.txt")
  }

  /// Saves the weights and the state after an epoch, then says so in `log.txt`.
  func finish(_ summary: EpochSummary, _ trainer: Trainer, _ tensors: CollectedTensors) throws {
    try trainer.withEvaluatedWeights {
      let weights = Weights(setup)
      try weights.write(trainer.network, to: setup.folder.file("last.safetensors"))
      if summary.isBest { try weights.write(trainer.network, to: setup.folder.file("best.safetensors")) }
    }
    try save(summary, trainer, tensors)
    log(summary)
  }

  private func save(_ summary: EpochSummary, _ trainer: Trainer, _ tensors: CollectedTensors) throws {
    let store = setup.folder.checkpoints
    let state = TrainingState(
      epoch: summary.epoch, steps: trainer.optimizer.steps, bestAccuracy: summary.best,
      classes: setup.data.classes, recipe: setup.recipe,
      lossScale: trainer.lossScale)
    let number = String(summary.epoch)
    let name = "epoch-" + String(repeating: "0", count: max(0, 4 - number.count)) + number
    try tensors.save(state, named: name, in: store)
    try store.prune(keeping: setup.flags.keep)
  }

  private func log(_ summary: EpochSummary) {
    epochs.add([
      "train_lr": .real(summary.learningRate), "train_loss": .real(summary.trainingLoss),
      "test_loss": .real(summary.tally?.meanLoss ?? .nan),
      "test_acc1": .real(summary.tally?.accuracy1 ?? .nan),
      "test_acc5": .real(summary.tally?.accuracy5 ?? .nan), "epoch": .integer(summary.epoch),
      "n_parameters": .integer(summary.parameters),
    ])
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
