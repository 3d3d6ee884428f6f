import Collective
import Data
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
  /// The transform that training pictures get.
  let trainingTransform: any Transform
  let placement: Placement
  let data: ImageFolderPair
  /// Updates that a whole epoch makes; 0 where nothing is trained.
  let updates: Int
  let folder: RunFolder
  /// How the run means to begin in it; nil where nothing is written, and where the launcher has it for its workers.
  let beginning: Beginning?
  let device: Device
  let voice: Voice
  let sections: Sections
  let group: any ProcessGroup
  /// Decode threads of a loader: as asked, or this worker's share of the cores, at most the reference's ten.
  let decodeThreads: Int

  /// Checks the flags, the pictures and the output folder, then meets the other ranks.
  init(
    _ request: RunRequest, over saved: SavedValues?, _ placement: Placement, _ sections: Sections
  ) throws {
    self.flags = request.run
    self.sections = sections
    self.placement = placement
    voice = Voice(speaks: placement.isFirst)
    self.saved = saved
    var recipe = try request.recipe(worldSize: placement.worldSize, over: saved)
    trainingTransform = try Self.trainingTransform(recipe)
    data = try ImageFolderPair(FilePath(recipe.data.path), for: request.run.purpose)
    updates = request.run.trains ? try Sampler(recipe, count: data.training.count).stepsPerEpoch : 0
    if request.run.trains { recipe.settleAverage(updates: recipe.allUpdates(of: updates)) }
    self.recipe = recipe
    folder = RunFolder(path: request.outputFolder(over: saved))
    beginning = request.run.writes && placement.meeting == nil ? request.beginning : nil
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
      for sentence in sentences { complain("note: \(sentence)") }
    }
  }

  /// Says what is to be trained, in a line.
  func sayRecipe() {
    let (model, side) = (recipe.model.name, recipe.data.inputSize)
    voice.say(
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
    voice.say(
      "Pictures: \(data.training.count) in \(counts.count) classes of \(sizes), "
        + "\(data.validation.count) to evaluate on")
    voice.say(recipe.stepLine(steps: recipe.updates(of: updates)))
    voice.say(recipe.arithmeticLine)
    voice.say(recipe.rateLine)
    if let line = recipe.averageLine(updates: recipe.allUpdates(of: updates)) { voice.say(line) }
    guard placement.isFirst else { return }
    for doubt in recipe.doubts(updates: updates) { complain("warning: \(doubt)") }
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

  /// Pictures a rank evaluates at once: the reference's one and a half training batches.
  var evaluationBatch: Int { max(1, recipe.data.batchSize * 3 / 2) }

  static func trainingTransform(_ recipe: Recipe) throws -> any Transform {
    let pictures = recipe.data
    guard pictures.augments else { return EvaluationTransform(pictures) }
    return TrainTransform(
      size: pictures.inputSize, scale: pictures.cropScale[0]...pictures.cropScale[1],
      ratio: pictures.cropRatio[0]...pictures.cropRatio[1], flipProbability: pictures.flip,
      interpolation: TrainInterpolation(pictures.interpolation),
      augmentation: pictures.autoAugment.isEmpty ? nil : try RandAugment(parsing: pictures.autoAugment),
      colorJitter: pictures.colorJitter > 0 ? ColorJitter(pictures.colorJitter) : nil)
  }
}

extension RunSettings {
  /// What the pictures are for.
  fileprivate var purpose: ImageFolderPair.Purpose {
    trains ? noEval ? .training : .trainingAndEvaluation : .evaluation
  }
}

extension Sampler {
  /// The order in which a recipe goes through `count` pictures.
  init(_ recipe: Recipe, count: Int) throws(DataError) {
    guard count >= recipe.worldSize * recipe.rankPictures else {
      throw .batchLargerThanData(
        count: count, batchSize: recipe.data.batchSize, worldSize: recipe.worldSize,
        accumulation: recipe.accumulation)
    }
    try self.init(
      count: count, worldSize: recipe.worldSize, batchSize: recipe.rankPictures, seed: recipe.seed,
      shuffle: recipe.data.shuffles, repetitions: recipe.data.repeatedAugmentation ? 3 : 1)
  }
}

extension Recipe {
  /// Pictures that one rank takes for one update.
  var rankPictures: Int { data.batchSize * accumulation }
}

extension EvaluationTransform {
  /// The transform that held-out pictures get.
  init(_ pictures: Recipe.Pictures) {
    self.init(size: pictures.inputSize, cropPercent: pictures.cropPercent)
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
