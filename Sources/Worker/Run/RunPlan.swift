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

/// What a run is to do, with which images, and where it writes: all that is known before the ranks meet.
struct RunPlan {
  let settings: RunSettings
  private(set) var recipe: Recipe
  /// The recipe with all ranks that were asked for, where fewer stand in for them: it is what the run goes on with.
  private(set) var askedRecipe: Recipe
  /// What the run's checkpoint or weights say of themselves.
  let saved: SavedValues?
  /// Where hosts hold parts of a pack, `divideShards` has this host go through its own.
  var data: ImageFolderPair
  /// Where the images' indexes are kept, or, in the check of a start, were kept by an earlier one; nil where nothing is written.
  let indexes: IndexFolder?
  /// The transform that training images get.
  let trainingTransform: any Transform
  /// What images of each class count in the loss.
  let classWeights: ClassWeights
  /// Updates that a whole epoch makes; 0 where nothing is trained.
  let updates: Int
  let folder: OutputFolder
  /// How the run means to begin in it; nil where nothing is written, and where the launcher has it for its workers.
  let beginning: Beginning?
  /// Where an evaluation writes what it finds; nil where it only says it.
  let report: ReportFolder?

  /// Checks the flags, the images and the output folder; writes nothing.
  ///
  /// - Parameter classes: What the weights that are evaluated tell apart; empty where they do not say, or a training begins.
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
    // What a run was judged by is not there in another data set, which has images to judge by.
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
    // The images of another data set than the run's need not lie in shards.
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

  /// Has products be of float16 where they were to be of bfloat16 and the device multiplies no such numbers; that, as a
  /// sentence.
  ///
  /// Throws where somebody has named bfloat16.
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

  /// Throws where a run would write among the images of a class, or as one: it would be the data set's next fault.
  ///
  /// A folder without splits has its classes in itself where images are held out of it, and else none.
  private static func require(_ folder: OutputFolder, outside data: Recipe.Images) throws(DataError) {
    let root = FilePath(data.path)
    let names = [ImageFolderPair.splits.training, ImageFolderPair.splits.validation]
    let splits = names.map { root.appending($0) }.filter(Folders.isFolder)
    for place in splits.isEmpty && data.heldOut > 0 ? [root] : splits {
      try Datasets.require(FilePath(folder.path), outside: place)
    }
  }

  /// Which classes that the weights know have no images to evaluate, as a sentence; nil where all have some.
  var missingClasses: String? {
    let missing = zip(data.classes, data.validation.classCounts).filter { $1 == 0 }.map(\.0)
    guard settings.eval, !missing.isEmpty else { return nil }
    let shown = missing.prefix(10).map { $0.shortened(to: 24) }.joined(separator: ", ")
    return
      "\(data.validation.root.masked) has no images of \(missing.count) of the \(counted(data.classes.count, "class", "classes")): \(shown)"
      + (missing.count > 10 ? ", … (\(missing.count - 10) more)" : "")
  }

  /// Says what is to be trained, in a line.
  func sayRecipe(on console: Console) {
    let (model, side) = (recipe.model.name, recipe.data.inputSize)
    console.print(
      "Recipe: \(model) on \(side) × \(side) pixels for \(counted(recipe.schedule.epochs, "epoch")), digest \(recipe.digest)"
    )
  }

  /// Says at the start what there is to learn from and how, and what may keep the run from learning.
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
  /// What the images are for.
  fileprivate var purpose: ImageFolderPair.Purpose {
    trains ? noEval || lrFind != nil ? .trainingAlone : .trainingAndEvaluation : .evaluation
  }
}

extension Sampler {
  /// The order in which a recipe goes through a folder's images.
  init(_ recipe: Recipe, of images: ImageFolder) throws(DataError) {
    try self.init(recipe, count: images.count, classes: images.classCounts, share: images.share)
  }

  /// The order in which a recipe goes through `count` images of so many of each class, or a host through its share of them.
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
  /// Images that one rank takes for one update.
  var rankImages: Int { data.batchSize * accumulation }
  /// Images that one rank evaluates at once; by default the reference's one and a half training batches.
  var evaluationBatch: Int { judging.batchSize ?? max(1, data.batchSize * 3 / 2) }
}

extension Recipe.Images {
  /// The transform that training images get.
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

  /// The transform that held-out images get.
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
  /// What a recipe, or weights, have become of images.
  init(_ images: Recipe.Preprocessing) {
    self.init(size: images.inputSize, cropPercent: images.cropPercent)
    keepsProportions = images.cropMode == .center
  }
}
