import Collective
import Datasets
import Flags
import Foundation
import Output
import Recipe
import System
import SystemPackage
import Torch
import Training

/// All that one worker needs before its first step.
struct RunSetup {
  let flags: RunSettings
  let recipe: Recipe
  /// What the run's checkpoint or weights say of themselves.
  let saved: SavedValues?
  /// The transform that training images get.
  let trainingTransform: any Transform
  let placement: RankEnvironment
  let data: ImageFolderPair
  /// Updates that a whole epoch makes; 0 where nothing is trained.
  let updates: Int
  let folder: OutputFolder
  /// How the run means to begin in it; nil where nothing is written, and where the launcher has it for its workers.
  let beginning: Beginning?
  let device: Device
  let console: Console
  let phases: PhaseReporter
  let group: any ProcessGroup
  /// Decode threads of a loader: as asked, or this worker's share of the cores, at most the reference's ten.
  let decodeThreads: Int

  /// Checks the flags, the images and the output folder, then meets the other ranks.
  init(
    _ request: RunRequest, over saved: SavedValues?, _ placement: RankEnvironment, _ phases: PhaseReporter
  ) throws {
    self.flags = request.run
    self.phases = phases
    self.placement = placement
    console = Console(speaks: placement.isFirst)
    self.saved = saved
    var recipe = try request.recipe(worldSize: placement.worldSize, over: saved)
    trainingTransform = try Self.trainingTransform(recipe)
    data = try ImageFolderPair(FilePath(recipe.data.path), for: request.run.purpose)
    updates = request.run.trains ? try Sampler(recipe, count: data.training.count).stepsPerEpoch : 0
    if request.run.trains { recipe.settleAverage(updates: recipe.allUpdates(of: updates)) }
    self.recipe = recipe
    folder = OutputFolder(path: request.outputFolder(over: saved))
    beginning = request.run.writes && placement.rendezvous == nil ? request.beginning : nil
    if let beginning { try Possession.check(folder.path, beginning) }
    device = try Device(request.run.device, for: placement)
    Runtime.keepMemory()
    if let threads = request.run.threads ?? placement.threads { Runtime.threads = threads }
    decodeThreads =
      request.run.numWorkers ?? min(10, max(1, Processors.usable / placement.worldSize))
    try requireRoom(threads: Self.threads(decode: decodeThreads, compute: Runtime.threads))
    group = try placement.group(recipe)
    if placement.isFirst {
      let sentences = try request.warnings(
        worldSize: placement.worldSize, over: saved, onCard: device.kind != .cpu,
        sumsTravel: placement.sendsSums)
      for sentence in sentences { Console.warn("note: \(sentence)") }
    }
  }

  /// Says what is to be trained, in a line.
  func sayRecipe() {
    let (model, side) = (recipe.model.name, recipe.data.inputSize)
    console.print(
      "Recipe: \(model) on \(side) × \(side) pixels for \(recipe.schedule.epochs) epochs, digest \(recipe.digest)"
    )
  }

  /// Says at the start what there is to learn from and how, and what may keep the run from learning.
  func sayStart() {
    let counts = data.training.classCounts
    let (least, most) = (counts.min() ?? 0, counts.max() ?? 0)
    let sizes =
      least == most
      ? "\(most) each" : "\(least) to \(most) (\(fixed(Double(most) / Double(max(1, least)), 1)) : 1)"
    console.print(
      "Images: \(data.training.count) in \(counts.count) classes of \(sizes), "
        + "\(data.validation.count) to evaluate on")
    console.print(recipe.stepLine(steps: recipe.updates(of: updates)))
    console.print(recipe.arithmeticLine)
    console.print(recipe.rateLine)
    if let line = recipe.averageLine(updates: recipe.allUpdates(of: updates)) { console.print(line) }
    guard placement.isFirst else { return }
    for doubt in recipe.doubts(updates: updates) { Console.warn("warning: \(doubt)") }
  }

  /// How the workers divide a step.
  var parallelism: Parallelism {
    var parallelism = Parallelism()
    parallelism.overlaps = !flags.noOverlap
    parallelism.shardsOptimizer = flags.shardOptimizer
    parallelism.bucketBytes = (flags.bucketMegabytes ?? RunFlags.standardBucketMegabytes) << 20
    parallelism.weightCheckInterval = flags.checkWeightsEvery ?? RunFlags.standardWeightCheck
    return parallelism
  }

  /// Threads beside the first: two loaders', those of an operation and of a loop over blocks, and eight for the launcher's
  /// end, exchanges, checkpoints and ZeroMQ.
  private static func threads(decode: Int, compute: Int) -> Int { 8 + 2 * decode + 2 * (compute - 1) }

  /// Images a rank evaluates at once: the reference's one and a half training batches.
  var evaluationBatch: Int { max(1, recipe.data.batchSize * 3 / 2) }

  static func trainingTransform(_ recipe: Recipe) throws -> any Transform {
    let images = recipe.data
    guard images.augments else { return EvaluationTransform(images) }
    return TrainTransform(
      size: images.inputSize, scale: images.cropScale[0]...images.cropScale[1],
      ratio: images.cropRatio[0]...images.cropRatio[1], flipProbability: images.flip,
      interpolation: TrainInterpolation(images.interpolation),
      augmentation: images.autoAugment.isEmpty ? nil : try RandAugment(parsing: images.autoAugment),
      colorJitter: images.colorJitter > 0 ? ColorJitter(images.colorJitter) : nil)
  }
}

extension RunSettings {
  /// What the images are for.
  fileprivate var purpose: ImageFolderPair.Purpose {
    trains ? noEval ? .training : .trainingAndEvaluation : .evaluation
  }
}

extension Sampler {
  /// The order in which a recipe goes through `count` images.
  init(_ recipe: Recipe, count: Int) throws(DataError) {
    guard count >= recipe.worldSize * recipe.rankImages else {
      throw .batchLargerThanData(
        count: count, batchSize: recipe.data.batchSize, worldSize: recipe.worldSize,
        accumulation: recipe.accumulation)
    }
    try self.init(
      count: count, worldSize: recipe.worldSize, batchSize: recipe.rankImages, seed: recipe.seed,
      shuffle: recipe.data.shuffles, repetitions: recipe.data.repeatedAugmentation ? 3 : 1)
  }
}

extension Recipe {
  /// Images that one rank takes for one update.
  var rankImages: Int { data.batchSize * accumulation }
}

extension EvaluationTransform {
  /// The transform that held-out images get.
  init(_ images: Recipe.Images) {
    self.init(size: images.inputSize, cropPercent: images.cropPercent)
  }
}

extension TrainInterpolation {
  init(_ interpolation: Recipe.Interpolation) {
    switch interpolation {
    case .bicubic: self = .bicubic
    case .bilinear: self = .bilinear
    case .random: self = .random
    }
  }
}
