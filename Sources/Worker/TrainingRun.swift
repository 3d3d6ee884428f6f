import Checkpoint
import Data
import Flags
import Foundation
import Model
import Recipe
import Torch
import Training

/// A run of one worker, from its first epoch to its last.
final class TrainingRun {
  private let setup: RunSetup
  private let network: Twins
  private let trainer: Trainer
  private let evaluation: Evaluation
  /// Of the first rank, and once it trains: an evaluation or a refused resume leaves the folder as it was.
  private var record: RunRecord?
  private var best = 0.0
  private var firstEpoch = 0
  private var isUntrained = true

  /// Builds the network and, with `--resume`, fills it from a checkpoint.
  init(_ setup: RunSetup) throws {
    self.setup = setup
    let recipe = setup.recipe
    setup.voice.say("Computing on \(setup.device) (threads: \(Runtime.threads))")
    setup.voice.say("Creating model: \(recipe.model.name)")
    network = try Twins(recipe, classes: setup.data.classes.count, on: setup.device)
    trainer = try Trainer(
      network, recipe: recipe, group: setup.group, on: setup.device, parallelism: setup.parallelism)
    evaluation = Evaluation(
      setup: setup, evaluator: Evaluator(recipe: recipe, group: setup.group, on: setup.device),
      loader: BatchLoader(
        folder: setup.data.validation, transform: EvaluationTransform(recipe.data),
        batchSize: setup.evaluationBatch,
        seed: recipe.seed, threads: setup.decodeThreads))
    setup.voice.say("number of params: \(parameterCount)")
    firstEpoch = recipe.schedule.startEpoch
    if let start = try Resume.from(setup.flags.resume, setup) {
      try begin(from: start)
    } else if let path = setup.flags.finetune {
      try finetune(path)
    }
  }

  /// Starts at epoch 0 from the weights of another run; a head for other classes stays as it was drawn.
  private func finetune(_ path: String) throws {
    let fresh = try trainer.loadForFinetuning(try WeightsFile(path: path))
    isUntrained = false
    setup.voice.say("Weights from \(path)")
    if !fresh.isEmpty, setup.placement.isFirst {
      complain(
        "warning: \(path) was trained on other classes, so \(fresh.joined(separator: " and ")) start anew")
    }
  }

  private func begin(from start: Resume) throws {
    isUntrained = false
    switch start {
    case .weights(let file):
      try trainer.load(file)
      setup.voice.say("Weights from \(file.path)")
    case .checkpoint(let checkpoint):
      try checkpoint.state(TrainingState.self).check(against: setup.recipe, classes: setup.data.classes)
      let state = try trainer.resume(checkpoint)
      if state.recipeDigest != setup.recipe.digest, setup.placement.isFirst {
        complain(
          "note: the checkpoint's run had other values (digest \(state.recipeDigest), now \(setup.recipe.digest)): "
            + "from here on it is another run. recipe.json names the values of this one.")
      }
      best = state.bestAccuracy
      firstEpoch = state.epoch + 1
      setup.voice.say(
        "Resuming from \(checkpoint.folder): epoch \(state.epoch) done, best Acc@1 \(fixed(best, 3))")
    }
  }

  private var parameterCount: Int { network.parameters.reduce(0) { $0 + $1.tensor.count } }

  /// Times forward passes: `--throughput`.
  func measureThroughput() throws {
    try Throughput(setup: setup, loader: evaluation.loader).run(network)
  }

  /// Evaluates once and changes nothing: `--eval`.
  func evaluate() throws {
    if isUntrained, setup.placement.isFirst {
      complain(
        "warning: these are untrained weights, so the accuracy is that of guessing. "
          + "Name trained ones with --resume.")
    }
    _ = try evaluation.run(network)
  }

  /// Trains to the last epoch, or to the step after which a signal stops it.
  func train() throws -> ExitCode {
    let recipe = setup.recipe
    let schedule = CosineSchedule(recipe.schedule)
    let watch = Stopwatch()
    record = setup.placement.isFirst ? try RunRecord(setup) : nil
    let loader = BatchLoader(
      folder: setup.data.training, transform: setup.trainingTransform, batchSize: recipe.rankPictures,
      seed: recipe.seed, threads: setup.decodeThreads)
    setup.voice.say(recipe.rateLine)
    setup.voice.say("Start training for \(recipe.schedule.epochs) epochs")
    if firstEpoch >= recipe.schedule.epochs {
      setup.voice.say("Nothing left to train: epoch \(firstEpoch - 1) is done. Raise --epochs to go on.")
    }
    for epoch in firstEpoch..<max(firstEpoch, recipe.schedule.epochs) {
      let rate = schedule(epoch: epoch)
      let result = try TrainingEpoch(
        epoch: epoch, learningRate: rate, setup: setup, trainer: trainer, loader: loader, steps: record?.steps
      ).run()
      if result.stopped {
        sayStopped(in: epoch)
        return .stoppedEarly
      }
      try finish(epoch, rate, result)
    }
    setup.voice.say("Training time \(ReferenceLines.duration(watch.elapsed))")
    return .done
  }

  private func finish(_ epoch: Int, _ rate: Double, _ result: TrainingEpoch.Result) throws {
    let tally = setup.flags.noEval ? nil : try trainer.withEvaluatedWeights { try evaluation.run(network) }
    let isBest = tally.map { $0.accuracy1 > best } ?? false
    best = max(best, tally?.accuracy1 ?? 0)
    if tally != nil { setup.voice.say("Max accuracy: \(fixed(best, 2))%") }
    // Every rank gives its part of a checkpoint; rank 0 writes it.
    guard let tensors = try trainer.collectForSaving() else { return }
    try record?.finish(
      EpochSummary(
        epoch: epoch, learningRate: rate, trainingLoss: result.loss, tally: tally, best: best, isBest: isBest,
        parameters: parameterCount), trainer, tensors)
  }

  private func sayStopped(in epoch: Int) {
    // Every rank stops after the same step, so one line is enough.
    guard setup.placement.isFirst else { return }
    complain(
      "stopped by a signal in epoch \(epoch), after step \(trainer.optimizer.steps) of the run. "
        + "The same command with --resume auto begins epoch \(epoch) again.")
  }
}
