import Checkpoint
import Collective
import Datasets
import Flags
import Model
import Recipe
import System
import Torch
import Training

/// A run's trainer, filled from a checkpoint or weights if there are any.
struct Start {
  let trainer: Trainer
  /// The place of the first step.
  private(set) var progress = RunProgress()
  /// The state from which the run resumes.
  private(set) var resumed: TrainingState?
  /// Whether the weights are still randomly initialised.
  private(set) var isUntrained = true

  private let plan: RunPlan
  private let rank: Rank

  /// Builds the network and fills it.
  init(_ plan: RunPlan, _ rank: Rank, from resume: Resume?) throws {
    (self.plan, self.rank) = (plan, rank)
    let recipe = plan.recipe
    let isDeterministic = plan.settings.deterministic && rank.device != .cpu
    rank.console.print(
      "Computing on \(rank.device)\(isDeterministic ? ", deterministically" : "") (threads: \(Runtime.threads))"
    )
    if let line = rank.sumLine { rank.console.print(line) }
    rank.console.print("Creating model: \(recipe.model.name)")
    let network = try makeNetwork(recipe, classes: plan.data.classes.count, on: rank.device)
    if let fault = network.freezingFault(recipe) {
      throw Failure("--freeze \(recipe.tuning.frozen): \(fault)", exitStatus: .usage)
    }
    var parallelism = plan.parallelism
    parallelism.prefetchesWeights = rank.environment.hostCount > 1
    trainer = try Trainer(
      network, recipe: recipe, group: rank.group, on: rank.device, parallelism: parallelism,
      classWeights: plan.classWeights.weights, teacher: try Teacher(of: plan, on: rank.device, rank.console))
    if let note = rank.group.transportNote, rank.isFirst { Console.warn("note: \(note)") }
    rank.console.print("number of params: \(network.parameterCount)")
    if plan.settings.trains, let line = network.freezingLine(recipe) { rank.console.print(line) }
    progress.epoch = recipe.schedule.startEpoch
    progress.plateau = recipe.schedule.newPlateau
    progress.judgement = Judgement(by: recipe.judging.monitor)
    if let resume { try begin(from: resume) }
    if plan.settings.resume == "auto", resumed == nil {
      rank.console.print(
        "No checkpoint in \(masked(plan.folder.checkpoints.folder)) yet: starting at epoch 0")
    }
  }

  private mutating func begin(from resume: Resume) throws {
    isUntrained = false
    switch resume {
    case .finetuning(let file): try finetune(file)
    case .weights(let file):
      let about = Weights(metadata: file.metadata)
      try ClassMismatch.check(about?.classes ?? [], against: plan.data.classes, of: masked(file.path))
      try trainer.load(file)
      sayWeights(file)
      sayUnused(file)
      sayChanges()
      if plan.settings.eval { sayDoubt(heldOut: about?.heldOut) }
    case .checkpoint(let checkpoint, let state): try goOn(from: checkpoint, state)
    }
  }

  /// Starts at epoch 0 from another run's weights; a head with other classes stays randomly initialised.
  private func finetune(_ file: WeightsFile) throws {
    let fresh = try trainer.loadForFinetuning(file)
    sayWeights(file)
    sayChanges()
    if !fresh.isEmpty, rank.isFirst {
      Console.warn(
        "warning: \(masked(file.path)) was trained on other classes, so \(fresh.joined(separator: " and ")) start anew"
      )
    }
  }

  /// A note if the run continues with other shards on its hosts; throws if that is not possible.
  func note(forShards shards: UInt32?) throws(Failure) -> String? {
    try resumed?.note(forShards: shards, steps: plan.recipe.updates(of: plan.updates), in: plan.recipe)
  }

  private mutating func goOn(from checkpoint: VerifiedCheckpoint, _ state: TrainingState) throws {
    try state.check(against: plan.recipe, classes: plan.data.classes, evaluating: plan.settings.eval)
    _ = try trainer.resume(checkpoint)
    progress = RunProgress(state, for: plan.recipe)
    try requireRest(checkpoint)
    resumed = state
    rank.console.print(
      "Resuming from \(masked(checkpoint.folder)): \(state.summary), best Acc@1 \(fixed(progress.best.own, 3))"
        + (plan.recipe.ema.enabled ? ", of the average \(fixed(progress.best.average, 3))" : ""))
    sayChanges(state)
    sayDoubt(heldOut: state.recipe.data.partHeldOut)
    if plan.settings.useEma { try takeAverage(of: checkpoint, state) }
  }

  /// Throws if the checkpoint is beyond the requested epochs: the run would count as finished after epochs
  /// that it was not to have.
  private func requireRest(_ checkpoint: VerifiedCheckpoint) throws(Failure) {
    let (epochs, done) = (plan.recipe.schedule.epochs, progress.epoch)
    let isWithin = (progress.partial?.steps ?? 0) > 0
    guard plan.settings.trains, done > epochs || done == epochs && isWithin else { return }
    throw Failure(
      "--epochs \(epochs): \(masked(checkpoint.folder)) is further, \(counted(done, "epoch")) are done"
        + (isWithin ? " and part of the next" : "")
        + ". Give more --epochs to train longer; what there is can be used as it is. To train less, start another run in "
        + "another --output-dir", exitStatus: .usage)
  }

  /// Replaces a checkpoint's weights by their average for an evaluation; training continues with both.
  private func takeAverage(of checkpoint: VerifiedCheckpoint, _ state: TrainingState) throws {
    guard state.recipe.ema.enabled else {
      throw Failure(
        "--use-ema: \(masked(checkpoint.folder)) has no average of the weights, since its run had no --model-ema. "
          + "Leave --use-ema out.", exitStatus: .badConfiguration)
    }
    guard plan.settings.trains else {
      rank.console.print("Taking the average of its weights (EMA)")
      return try trainer.loadAverage(of: checkpoint)
    }
    if rank.isFirst {
      Console.warn("note: no effect: --use-ema (a run goes on with its weights and its average)")
    }
  }

  private func sayWeights(_ file: WeightsFile) {
    let part = plan.settings.useEma ? file.part.map { ", '\($0)'" } ?? "" : ""
    rank.console.print("Weights from \(masked(file.path))\(part)")
    guard plan.settings.trains, rank.isFirst, let theirs = Weights(metadata: file.metadata)?.images else {
      return
    }
    let own = plan.recipe.data.preprocessing
    if theirs.means != own.means || theirs.deviations != own.deviations {
      Console.warn(
        "note: these weights learnt from images normalised otherwise than this run's (\(own.normalizationFlags)). To go on "
          + "with theirs: \(theirs.normalizationFlags)")
    }
  }

  /// Prints the values that differ from the checkpoint's or the weights', one line each.
  private func sayChanges(_ state: TrainingState? = nil) {
    guard rank.isFirst, let saved = plan.saved else { return }
    for change in saved.changes(in: plan.recipe, evaluates: !plan.settings.trains) {
      Console.warn("note: \(change)")
    }
    guard plan.settings.trains, let state else { return }
    if let note = state.note(for: plan.recipe) { Console.warn(note) }
    for warning in state.warnings(forImages: RunImages(plan.data), in: plan.recipe) { Console.warn(warning) }
  }

  private func sayDoubt(heldOut part: String?) {
    guard rank.isFirst, let part else { return }
    if let doubt = plan.recipe.data.doubt(heldOut: part, trains: plan.settings.trains) { Console.warn(doubt) }
  }

  /// Prints what is not used of a PyTorch training state.
  private func sayUnused(_ file: WeightsFile) {
    guard file.hasOptimizer, !plan.settings.eval else { return }
    rank.console.print(
      "\(masked(file.path)) is a training state of PyTorch's: its weights are used, its epoch and optimizer are not. "
        + "Starting at epoch 0")
  }
}

extension Network {
  /// The number of parameters.
  var parameterCount: Int { parameters.reduce(0) { $0 + $1.tensor.count } }
}
