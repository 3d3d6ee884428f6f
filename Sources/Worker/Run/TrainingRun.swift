import Checkpoint
import Collective
import Datasets
import Flags
import Foundation
import Model
import Recipe
import System
import Torch
import Training
import WorkerLink

/// A run of one worker, from its first epoch to its last.
final class TrainingRun {
  private let setup: RunSetup
  private let network: any Network
  private let trainer: Trainer
  private let evaluation: Evaluation
  /// Of the first rank, and once it trains: an evaluation or a refused resume leaves the folder as it was.
  private var record: RunRecord?
  private var best = BestAccuracy()
  private var firstEpoch = 0
  /// What an earlier attempt has done of the first epoch.
  private var firstPart = PartialEpoch()
  private var resumed: TrainingState?
  private var isUntrained = true

  /// Builds the network and fills it from what the run starts from, if anything.
  init(_ setup: RunSetup, from start: Resume?) throws {
    self.setup = setup
    let recipe = setup.recipe
    setup.console.print("Computing on \(setup.device) (threads: \(Runtime.threads))")
    setup.console.print("Creating model: \(recipe.model.name)")
    network = try makeNetwork(recipe, classes: setup.data.classes.count, on: setup.device)
    trainer = try Trainer(
      network, recipe: recipe, group: setup.group, on: setup.device, parallelism: setup.parallelism,
      observers: [setup.phases])
    if let note = setup.group.transportNote, setup.placement.isFirst { Console.warn("note: \(note)") }
    evaluation = Evaluation(
      setup: setup, evaluator: Evaluator(recipe: recipe, group: setup.group, on: setup.device),
      loader: BatchLoader(
        folder: setup.data.validation, transform: EvaluationTransform(recipe.data),
        batchSize: setup.evaluationBatch,
        seed: recipe.seed, threads: setup.decodeThreads))
    setup.console.print("number of params: \(network.parameterCount)")
    firstEpoch = recipe.schedule.startEpoch
    if setup.flags.resume != nil { try Resume.agree(on: start, in: setup.group) }
    if let start { try begin(from: start) }
    if setup.flags.resume == "auto", resumed == nil {
      setup.console.print(
        "No checkpoint in \(masked(setup.folder.checkpoints.folder)) yet: starting at epoch 0")
    }
  }

  /// Starts at epoch 0 from the weights of another run; a head for other classes stays as it was drawn.
  private func finetune(_ file: WeightsFile) throws {
    let path = file.path
    let fresh = try trainer.loadForFinetuning(file)
    sayWeights(file)
    sayChanges()
    if !fresh.isEmpty, setup.placement.isFirst {
      Console.warn(
        "warning: \(masked(path)) was trained on other classes, so \(fresh.joined(separator: " and ")) start anew"
      )
    }
  }

  private func begin(from start: Resume) throws {
    isUntrained = false
    switch start {
    case .finetuning(let file): try finetune(file)
    case .weights(let file):
      let trained = Weights(metadata: file.metadata)?.classes ?? []
      try ClassMismatch.check(trained, against: setup.data.classes, of: masked(file.path))
      try trainer.load(file)
      sayWeights(file)
      sayUnused(file)
      sayChanges()
    case .checkpoint(let checkpoint, let state):
      try state.check(against: setup.recipe, classes: setup.data.classes)
      _ = try trainer.resume(checkpoint)
      best = BestAccuracy(state)
      resumed = state
      (firstEpoch, firstPart) = state.place(for: setup.recipe)
      setup.console.print(
        "Resuming from \(masked(checkpoint.folder)): \(state.summary), best Acc@1 \(fixed(best.own, 3))"
          + (setup.recipe.ema.enabled ? ", of the average \(fixed(best.average, 3))" : ""))
      sayChanges(state)
      if setup.flags.useEma { try takeAverage(of: checkpoint, state) }
    }
  }

  /// Takes the place of a checkpoint's weights with their average, for an evaluation; training goes on with both.
  private func takeAverage(of checkpoint: VerifiedCheckpoint, _ state: TrainingState) throws {
    guard state.recipe.ema.enabled else {
      throw Failure(
        "--use-ema: \(masked(checkpoint.folder)) has no average of the weights, since its run had no --model-ema. "
          + "Leave --use-ema out.", exitStatus: .badConfiguration)
    }
    guard setup.flags.trains else {
      setup.console.print("Taking the average of its weights (EMA)")
      return try trainer.loadAverage(of: checkpoint)
    }
    if setup.placement.isFirst {
      Console.warn("note: no effect: --use-ema (a run goes on with its weights and its average)")
    }
  }

  private func sayWeights(_ file: WeightsFile) {
    let part = setup.flags.useEma ? file.part.map { ", '\($0)'" } ?? "" : ""
    setup.console.print("Weights from \(masked(file.path))\(part)")
  }

  /// Says which values are not those of the checkpoint or the weights, a line each.
  private func sayChanges(_ state: TrainingState? = nil) {
    guard setup.placement.isFirst, let saved = setup.saved else { return }
    for change in saved.changes(in: setup.recipe, evaluates: !setup.flags.trains) {
      Console.warn("note: \(change)")
    }
    if setup.flags.trains, let note = state?.note(for: setup.recipe) { Console.warn(note) }
  }

  /// Says what of a training state of PyTorch's is left out.
  private func sayUnused(_ file: WeightsFile) {
    guard file.hasOptimizer, !setup.flags.eval else { return }
    setup.console.print(
      "\(masked(file.path)) is a training state of PyTorch's: its weights are used, its epoch and optimizer are not. "
        + "Starting at epoch 0")
  }

  /// The ranks of the run.
  var group: any ProcessGroup { setup.group }
  /// Tells what this rank does.
  var phases: PhaseReporter { setup.phases }

  /// Times forward passes: `--throughput`.
  func measureThroughput() throws {
    try Throughput(setup: setup, loader: evaluation.loader).run(network)
  }

  /// Evaluates once and changes nothing: `--eval`.
  func evaluate() throws {
    if isUntrained, setup.placement.isFirst {
      Console.warn(
        "warning: these are untrained weights, so the accuracy is that of guessing. "
          + "Name trained ones with --resume.")
    }
    // Of a checkpoint both, as its run did, unless one is asked for.
    if resumed != nil, !setup.flags.useEma { _ = try evaluateBoth() } else { _ = try evaluation.run(network) }
  }

  /// Trains to the last epoch, or to the step after which a signal stops it.
  func train() throws -> ExitStatus {
    let recipe = setup.recipe
    let schedule = CosineSchedule(recipe.schedule)
    let watch = Stopwatch()
    record = setup.placement.isFirst ? try RunRecord(setup, from: resumed) : nil
    let checkpoints = Checkpoints(setup, trainer)
    let skipped = SkippedImages(setup)
    let loader = BatchLoader(
      folder: setup.data.training, transform: setup.trainingTransform, batchSize: recipe.rankImages,
      seed: recipe.seed, threads: setup.decodeThreads, skips: skipped.mostInARow)
    setup.sayStart()
    setup.console.print("Start training for \(recipe.schedule.epochs) epochs")
    if firstEpoch >= recipe.schedule.epochs {
      setup.console.print("Nothing left to train: epoch \(firstEpoch - 1) is done. Raise --epochs to go on.")
    } else {
      checkpoints.prepare()
    }
    for epoch in firstEpoch..<max(firstEpoch, recipe.schedule.epochs) {
      let rate = schedule(epoch: epoch)
      var place = epoch == firstEpoch ? firstPart : PartialEpoch()
      do {
        try TrainingEpoch(
          epoch: epoch, learningRate: rate, setup: setup, trainer: trainer, loader: loader,
          checkpoints: checkpoints, skipped: skipped, steps: record?.steps,
          state: { [unowned self] in state(in: epoch, $0) }
        ).run(from: &place)
        try finish(epoch, rate, place, checkpoints)
      } catch is StopRequested {
        return try checkpoints.end("stopped by a signal", at: state(in: epoch, place))
          ? .stoppedEarly : .inputOutput
      } catch let failure as SharedFailure {
        if checkpoints.areNeeded { _ = try checkpoints.end("ended", at: state(in: epoch, place)) }
        throw failure
      }
    }
    setup.console.print("Training time \(ReferenceLines.duration(watch.elapsed))")
    return .done
  }

  private func state(in epoch: Int, _ partial: PartialEpoch?) -> TrainingState {
    TrainingState(
      epoch: epoch, steps: trainer.optimizer.steps, bestAccuracy: best.own,
      bestAverage: setup.recipe.ema.enabled ? best.average : nil, classes: setup.data.classes,
      recipe: setup.recipe, lossScale: trainer.lossScale, partial: partial)
  }

  /// What the weights come to, and their average where there is one.
  private func evaluateBoth() throws -> (Evaluator.Tally?, Evaluator.Tally?) {
    (try evaluation.run(network), try trainer.withAverage { try evaluation.run(network, .averaged) })
  }

  /// Evaluates and writes what a finished epoch leaves. It is saved before: whatever happens meanwhile, the steps are made.
  private func finish(
    _ epoch: Int, _ rate: Double, _ place: PartialEpoch, _ checkpoints: Checkpoints
  ) throws {
    let isLast = epoch == setup.recipe.schedule.epochs - 1
    if !setup.flags.noEval { try checkpoints.finishSteps(state(in: epoch, place)) }
    let (tally, averageTally) = setup.flags.noEval ? (nil, nil) : try evaluateBoth()
    let newBest = best.with(tally, average: averageTally)
    let isBest = newBest.own > best.own
    if tally != nil { setup.console.print("Max accuracy: \(fixed(newBest.own, 2))%") }
    if averageTally != nil { setup.console.print("Max EMA accuracy: \(fixed(newBest.average, 2))%") }
    if record != nil { setup.phases.enter(.checkpoint) }
    let failure = record?.finish(
      EpochSummary(
        epoch: epoch, learningRate: rate, trainingLoss: place.loss.globalAverage, tally: tally,
        averageTally: averageTally, isBest: isBest, isBestAverage: newBest.average > best.average,
        isLast: isLast, parameters: network.parameterCount, skipped: place.skipped?.count), trainer)
    setup.phases.enter(.communicate)
    // An epoch counts as finished once its weights are written: until then a run that goes on does this again.
    if isLast, let shared = try SharedFailure(failure, in: setup.group) { throw shared }
    best = newBest
    // Every rank gives its part of a checkpoint; rank 0 writes it.
    try checkpoints.finishEpoch(state(in: epoch, nil), isBest: isBest, isLast: isLast)
  }
}

extension Network {
  /// Numbers that are learnt.
  fileprivate var parameterCount: Int { parameters.reduce(0) { $0 + $1.tensor.count } }
}
