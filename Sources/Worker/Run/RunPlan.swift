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
import WorkerLink

/// What a run does, with which images and where it writes: everything known before the ranks meet.
struct RunPlan {
  let settings: RunSettings
  private(set) var recipe: Recipe
  /// The recipe with the requested number of ranks if fewer replace them; resuming uses it.
  private(set) var askedRecipe: Recipe
  /// The values stored in the run's checkpoint or weights.
  let saved: SavedValues?
  /// The images; `divideShards` restricts them to this host's shards if each host has some only.
  var data: ImageFolderPair
  /// Where the images' indexes are stored, or in the check of a start, were stored earlier; nil if nothing is
  /// written.
  let indexes: IndexFolder?
  /// The transform of training images.
  let trainingTransform: any Transform
  /// The class weights of the loss.
  let classWeights: ClassWeights
  /// The updates of a whole epoch; 0 if nothing is trained.
  let updates: Int
  let folder: OutputFolder
  /// How the run will begin in the output folder; nil if nothing is written, or the launcher owns the folder.
  let beginning: Beginning?
  /// The folder of an evaluation's report; nil if it is only printed.
  let report: ReportFolder?

  /// Checks the flags, the images and the output folder; writes nothing.
  ///
  /// - Parameter classes: The classes of the evaluated weights; empty if unknown, or if a training begins.
  init(
    _ request: RunRequest, over saved: SavedValues?, classes: [ClassName] = [], for rank: RankEnvironment
  ) throws {
    settings = request.run
    self.saved = saved
    var recipe = try request.recipe(
      worldSize: rank.worldSize, hostSize: rank.localWorldSize, over: saved)
    trainingTransform = try recipe.data.trainingTransform()
    folder = OutputFolder(path: request.outputFolder(over: saved))
    beginning = settings.writes && rank.hasFolder ? request.beginning : nil
    if let beginning {
      try Self.require(folder, outside: recipe.data)
      try Possession.check(folder.path, beginning)
    }
    // Another data set has validation images of its own in place of the run's held-out ones.
    if settings.eval, !request.names("data.heldOut"),
      ImageFolderPair.hasValidation(FilePath(recipe.data.path))
    {
      recipe.data.heldOut = 0
    }
    indexes =
      settings.writes
      ? folder.indexes(ofHost: rank.hosts?.host ?? 0, isReadOnly: settings.dryRun) : nil
    let found = try ImageFolderPair(
      FilePath(recipe.data.path), for: settings.purpose, holdingOut: recipe.data.heldOut,
      evaluating: settings.split ?? ImageFolderPair.splits.validation, keptIn: indexes)
    data = found.numbered(as: classes) ?? found
    // The images of another data set need not be in shards.
    if settings.eval, !request.names("data.shardsByHost"), data.loose != nil {
      recipe.data.shardsByHost = false
    }
    if recipe.data.shardsByHost { try data.requirePacks() }
    if !recipe.data.shardsByHost || rank.hostCount == 1 {
      try data.requireWholePacks(isByHost: recipe.data.shardsByHost)
    }
    updates = settings.trains ? try Sampler(recipe, of: data.training).stepsPerEpoch : 0
    classWeights = try ClassWeights(settings.trains ? recipe : Recipe(), data.training)
    var asked = try request.recipeAsAskedFor(hostSize: rank.localWorldSize, over: saved) ?? recipe
    recipe.loss.weightsOfFile = classWeights.said
    asked.loss.weightsOfFile = classWeights.said
    recipe.data.imagesHeldOut =
      recipe.data.heldOut > 0 ? String(data.validation.digest, digits: 8, radix: 16) : ""
    asked.data.imagesHeldOut = recipe.data.imagesHeldOut
    if settings.trains {
      recipe.distillation.weightsOfTeacher = try recipe.distillation.checksumOfTeacher
      asked.distillation.weightsOfTeacher = recipe.distillation.weightsOfTeacher
      recipe.settleAverage(updates: recipe.allUpdates(of: updates))
      asked.settleAverage(updates: recipe.allUpdates(of: updates))
    }
    (self.recipe, askedRecipe) = (recipe, asked)
    report = settings.reportDir.map(ReportFolder.init(path:))
    if rank.isFirst { try report?.requireOwn() }
    if settings.trains { try DiskRoom(self)?.requireFileSize() }
  }

  /// Replaces bfloat16 by float16 in products if the device has no bfloat16 products; returns a sentence about it.
  ///
  /// Throws if bfloat16 was named explicitly.
  mutating func settlePrecision(for device: Device, isNamed: Bool) throws(Failure) -> String? {
    guard let sentence = recipe.settlePrecision(for: device) else { return nil }
    if isNamed {
      throw Failure(
        "--amp-dtype bfloat16: \(device) multiplies no such numbers. Leave it out, or give --amp-dtype float16",
        exitStatus: .badConfiguration)
    }
    askedRecipe.precision.dtype = recipe.precision.dtype
    return sentence
  }

  /// Throws if a run would write among the images of a class, or as a class, which would damage the data set.
  ///
  /// A folder without splits contains classes directly only if images are held out of it.
  private static func require(_ folder: OutputFolder, outside data: Recipe.Images) throws(DataError) {
    let root = FilePath(data.path)
    let names = [ImageFolderPair.splits.training, ImageFolderPair.splits.validation]
    let splits = names.map { root.appending($0) }.filter(Folders.isFolder)
    for place in splits.isEmpty && data.heldOut > 0 ? [root] : splits {
      try Datasets.require(FilePath(folder.path), outside: place)
    }
  }

  /// The classes of the weights without images to evaluate, as a sentence; nil if all have some.
  var missingClasses: String? {
    let missing = zip(data.classes, data.validation.classCounts).filter { $1 == 0 }.map(\.0)
    guard settings.eval, !missing.isEmpty else { return nil }
    let shown = missing.prefix(10).map { $0.shortened(to: 24) }.joined(separator: ", ")
    return
      "\(data.validation.root.masked) has no images of \(missing.count) of the \(counted(data.classes.count, "class", "classes")): \(shown)"
      + (missing.count > 10 ? ", … (\(missing.count - 10) more)" : "")
  }

  /// Prints what will be trained, in a line.
  func sayRecipe(on console: Console) {
    let (model, side) = (recipe.model.name, recipe.data.inputSize)
    console.print(
      "Recipe: \(model) on \(side) × \(side) pixels for \(counted(recipe.schedule.epochs, "epoch")), digest \(recipe.digest)"
    )
  }

  /// Prints the start of a run: the images, the settings, and warnings about what may keep it from learning.
  func sayStart(of rank: Rank) {
    let console = rank.console
    let counts = data.training.classCounts
    let (least, most) = (counts.min() ?? 0, counts.max() ?? 0)
    let sizes =
      least == most
      ? "\(most) each" : "\(least) to \(most) (\(fixed(Double(most) / Double(max(1, least)), 1)) : 1)"
    console.print(
      "Images: \(data.training.count) in \(counted(counts.count, "class", "classes")) of \(sizes), "
        + "\(data.validation.count) to evaluate on")
    if let share = data.training.share {
      let taken = recipe.updates(of: updates) * recipe.rankImages * share.ranks
      console.print("\(share.line); each takes \(taken) an epoch")
    }
    console.print(recipe.stepLine(steps: recipe.updates(of: updates)))
    let kernels = recipe.isFused(on: rank.device) ? Runtime.kernels : nil
    console.print("\(recipe.arithmeticLine); kernels: \(kernels ?? "libtorch's")")
    console.print(recipe.rateLine)
    if let line = classWeights.line(recipe) { console.print(line) }
    if let line = recipe.averageLine(updates: recipe.allUpdates(of: updates)) { console.print(line) }
    guard console.speaks else { return }
    let alone =
      counts.count == 1
      ? "there is one class alone, so every answer is right: perhaps \(masked(recipe.data.path)) is one level too high"
      : nil
    for doubt in recipe.doubts(updates: updates) + [alone, DiskRoom(self)?.doubt].compactMap(\.self) {
      Console.warn("warning: \(doubt)")
    }
  }

  /// How the workers divide a step.
  var parallelism: Parallelism {
    var parallelism = Parallelism()
    parallelism.overlaps = !settings.noOverlap
    parallelism.recordsSteps = !settings.noGraph
    parallelism.recomputesBlocks = settings.gradCheckpointing
    parallelism.shardsOptimizer = settings.shardOptimizer
    parallelism.bucketBytes = (settings.bucketMegabytes ?? RunFlags.standardBucketMegabytes) << 20
    parallelism.weightCheckInterval = settings.checkWeightsEvery ?? RunFlags.standardWeightCheck
    return parallelism
  }
}

extension RunSettings {
  /// What the images are needed for.
  fileprivate var purpose: ImageFolderPair.Purpose {
    trains ? noEval || lrFind != nil ? .trainingAlone : .trainingAndEvaluation : .evaluation
  }
}

extension Sampler {
  /// Makes the sampler of a recipe for a folder's images.
  init(_ recipe: Recipe, of images: ImageFolder) throws(DataError) {
    try self.init(recipe, count: images.count, classes: images.classCounts, share: images.share)
  }

  /// Makes the sampler of a recipe for `count` images with these numbers per class, or for a host's share of
  /// them.
  init(_ recipe: Recipe, count: Int, classes: [Int], share: HostShare? = nil) throws(DataError) {
    guard count >= recipe.worldSize * recipe.rankImages else {
      throw .batchLargerThanData(
        count: count, batchSize: recipe.data.batchSize, worldSize: recipe.worldSize,
        accumulation: recipe.accumulation)
    }
    try self.init(
      count: count, worldSize: recipe.worldSize, batchSize: recipe.rankImages, seed: recipe.seed,
      shuffle: recipe.data.shuffles, repetitions: recipe.data.repeatedAugmentation ? 3 : 1,
      balancing: recipe.data.sampling == .balanced ? classes : nil, share: share)
  }
}

extension Recipe {
  /// The images of one rank per update.
  var rankImages: Int { data.batchSize * accumulation }
  /// The images of one rank per evaluation batch; by default the reference's one and a half training batches.
  var evaluationBatch: Int { judging.batchSize ?? max(1, data.batchSize * 3 / 2) }
}

extension Recipe.Images {
  /// The transform of training images.
  func trainingTransform() throws(RandAugmentError) -> any Transform {
    guard augments else { return evaluationTransform }
    var transform = TrainTransform(
      size: inputSize, scale: cropScale[0]...cropScale[1], ratio: cropRatio[0]...cropRatio[1],
      flipProbability: flip, verticalFlipProbability: verticalFlip, interpolation: trainInterpolation,
      augmentation: autoAugment.isEmpty ? nil : try RandAugment(parsing: autoAugment),
      colorJitter: colorJitter > 0 ? ColorJitter(colorJitter) : nil)
    transform.decodesFast = decodesFast
    return transform
  }

  /// The transform of validation images.
  var evaluationTransform: EvaluationTransform { EvaluationTransform(preprocessing) }

  private var trainInterpolation: TrainInterpolation {
    switch interpolation {
    case .bicubic: .always(.bicubic)
    case .bilinear: .always(.bilinear)
    case .lanczos: .always(.lanczos)
    case .box: .always(.box)
    case .random: .random
    }
  }
}

extension EvaluationTransform {
  /// Makes the transform that a recipe, or weights, ask for.
  init(_ images: Recipe.Preprocessing) {
    self.init(size: images.inputSize, cropPercent: images.cropPercent)
    keepsProportions = images.cropMode == .center
  }
}
