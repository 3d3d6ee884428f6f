public import Checkpoint
public import Datasets
public import Recipe

/// What a checkpoint stores beside its tensors for the run to continue.
public struct TrainingState: Codable, Equatable, Sendable {
  /// The epoch that the run is in or has just finished, from 0.
  public var epoch: Int
  /// The position inside the epoch; nil where it is finished.
  public var partial: PartialEpoch?
  /// Updates made so far.
  public var steps: Int
  /// Best top-1 accuracy so far, in percent.
  public var bestAccuracy: Double
  /// Best top-1 accuracy of the running average so far, in percent; nil without an average, and in old
  /// checkpoints that evaluated only the average and stored its accuracy in `bestAccuracy`.
  public var bestAverage: Double?
  /// The classes in the order of the head's outputs; written as their `text`.
  public var classes: [ClassName]
  /// The recipe that the run follows.
  public var recipe: Recipe
  /// The recipe's digest, for comparing two runs quickly.
  public var recipeDigest: String
  /// The loss scale of a float16 run.
  public var lossScale: LossScale?
  /// The best results so far by the run's monitor; nil in checkpoints older than the choice of a monitor.
  public var judgement: Judgement?
  /// The number of updates after which frozen parameters began to learn; nil where they have not, or none
  /// were frozen.
  public var thawedAfter: Int?
  /// The state of a plateau schedule; nil with another schedule.
  public var plateau: Plateau?
  /// Identifies which host had which shards of a pack; nil where every host had all images.
  public var shards: UInt32?
  /// The images of the run; nil in checkpoints that do not store them.
  public var images: RunImages?
  /// The version of the arithmetic that computed the run; nil in checkpoints that do not store it.
  public var arithmetic: Int?

  /// This program's version of the arithmetic; it is raised whenever the same recipe would give other
  /// numbers.
  public static let arithmetic = 1

  /// Makes the state after or inside an epoch.
  public init(
    epoch: Int, steps: Int, bestAccuracy: Double, bestAverage: Double? = nil, classes: [ClassName],
    recipe: Recipe, lossScale: LossScale? = nil, partial: PartialEpoch? = nil, plateau: Plateau? = nil,
    thawedAfter: Int? = nil, judgement: Judgement? = nil
  ) {
    self.epoch = epoch
    self.partial = partial
    self.steps = steps
    self.bestAccuracy = bestAccuracy
    self.bestAverage = bestAverage
    self.classes = classes
    self.recipe = recipe
    recipeDigest = recipe.digest
    self.lossScale = lossScale
    self.plateau = plateau
    self.thawedAfter = thawedAfter
    self.judgement = judgement
    arithmetic = Self.arithmetic
  }
}

extension TrainingState {
  /// Whether `bestAccuracy` is the running average's, as in checkpoints of runs that evaluated only the
  /// average.
  public var evaluatedOnlyItsAverage: Bool { recipe.ema.enabled && bestAverage == nil }
}

/// A position inside an epoch.
///
/// It holds no random state: all randomness is a function of the seed, the epoch, and the number of the view
/// or step, so the number of steps suffices to continue to the same bits.
public struct PartialEpoch: Codable, Equatable, Sendable {
  /// Steps of the epoch that are done.
  public var steps: Int
  /// Their losses.
  public var loss: SmoothedValue

  /// The numbers of damaged images that were replaced by others; nil where a damaged image ends the run.
  public var skipped: [Int]?

  /// Makes the position after `steps` steps; by default, the start of an epoch.
  public init(steps: Int = 0, loss: SmoothedValue = SmoothedValue()) {
    self.steps = steps
    self.loss = loss
  }
}

extension TrainingState {
  /// Where a run of `recipe` continues: the epoch, and the position inside it.
  ///
  /// If an update has another number of images, the epoch continues after as many images, rounded down.
  public func place(for recipe: Recipe) -> (epoch: Int, partial: PartialEpoch) {
    guard var partial else { return (epoch + 1, PartialEpoch()) }
    partial.steps = partial.steps * self.recipe.imagesPerUpdate / max(1, recipe.imagesPerUpdate)
    return (epoch, partial)
  }

  /// The recipe with its updates divided among ranks as those of `other`, if both have equally many images
  /// per update; otherwise unchanged.
  public func recipe(dividedAs other: Recipe) -> Recipe {
    guard recipe.imagesPerUpdate == other.imagesPerUpdate else { return recipe }
    var divided = recipe
    // Groups of ranks change with the ranks.
    if recipe.worldSize != other.worldSize { divided.precision.sumGroup = other.precision.sumGroup }
    divided.division = other.division
    return divided
  }
}

extension TrainingState: CheckedState {
  /// The upper bound of updates and images; a product of two still fits in an `Int`.
  private static let most = 1 << 31

  /// What is wrong with the state, such as values that no run could have saved; nil where nothing is.
  public var fault: String? {
    for (name, value) in [("epoch", epoch), ("steps", steps), ("partial.steps", partial?.steps ?? 0)]
    where !(0..<Self.most).contains(value) {
      return "\(name) \(value) is no count of a run"
    }
    for (name, value) in [("bestAccuracy", bestAccuracy), ("bestAverage", bestAverage ?? 0)]
    where !(0...100).contains(value) {
      return "\(name) \(value) is no percentage"
    }
    guard min(recipe.data.batchSize, recipe.accumulation, recipe.worldSize) > 0,
      recipe.imagesPerUpdate < Self.most
    else { return "its recipe's updates are of no number of images" }
    guard partial?.loss.isSound ?? true else { return "its losses are no series of a run" }
    guard lossScale?.isSound ?? true else { return "its loss scale is none of a run" }
    guard thawedAfter.map((0...steps).contains) ?? true else { return "it thawed after no update of the run" }
    guard judgement?.isSound ?? true else { return "its best results are none of a run" }
    guard plateau?.isSound ?? true else { return "its plateau is none of a run" }
    return nil
  }
}
