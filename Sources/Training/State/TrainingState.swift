public import Checkpoint
public import Datasets
public import Recipe

/// What a run needs to go on, beside its tensors.
public struct TrainingState: Codable, Equatable, Sendable {
  /// The epoch that the run is in, or has just finished, counted from 0.
  public var epoch: Int
  /// How far the epoch is; nil where it is finished.
  public var partial: PartialEpoch?
  /// Updates made so far.
  public var steps: Int
  /// Best Acc@1 so far, in percent.
  public var bestAccuracy: Double
  /// Best Acc@1 of the average so far, in percent; nil without one, and where only the average was evaluated: then
  /// `bestAccuracy` is its.
  public var bestAverage: Double?
  /// The classes in the order of the head's outputs; written as their `text`.
  public var classes: [ClassName]
  /// The recipe the run follows.
  public var recipe: Recipe
  /// The recipe's digest, to tell at a glance whether two runs follow the same one.
  public var recipeDigest: String
  /// The loss scale of a float16 run.
  public var lossScale: LossScale?
  /// The best results so far by what the run is judged by; nil in checkpoints from before there was a choice.
  public var judgement: Judgement?
  /// After how many updates what was frozen began to learn; nil where it does not, or nothing was.
  public var thawedAfter: Int?
  /// What a plateau schedule remembers of the run's evaluations; nil with another.
  public var plateau: Plateau?
  /// A number for which host went through which shards of a pack; nil where each host went through all images.
  public var shards: UInt32?
  /// Which images the run has; nil in checkpoints from before that was kept.
  public var images: RunImages?
  /// The version of the arithmetic that the run was computed with; nil in checkpoints from before there was one.
  public var arithmetic: Int?

  /// What `arithmetic` is in this program: raised whenever the same recipe would give other numbers.
  public static let arithmetic = 1

  /// The state after an epoch, or inside one.
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
  /// Whether `bestAccuracy` is the average's, as in checkpoints from before both were evaluated.
  public var evaluatedOnlyItsAverage: Bool { recipe.ema.enabled && bestAverage == nil }
}

/// A place inside an epoch.
///
/// Nothing random is in it: what is random is drawn anew from the seed, the epoch, and the number of the view or the
/// step, so an epoch goes on to the same bits from the number of its steps alone.
public struct PartialEpoch: Codable, Equatable, Sendable {
  /// Steps of the epoch that are done.
  public var steps: Int
  /// Their losses.
  public var loss: SmoothedValue

  /// The numbers of damaged images that others have stood in for; nil where none may be.
  public var skipped: [Int]?

  /// The place after so many steps; without any, the start of an epoch.
  public init(steps: Int = 0, loss: SmoothedValue = SmoothedValue()) {
    self.steps = steps
    self.loss = loss
  }
}

extension TrainingState {
  /// Where a run of `recipe` goes on: the epoch, and how far it is.
  ///
  /// Where an update has another number of images, the epoch goes on after as many images, rounded down.
  public func place(for recipe: Recipe) -> (epoch: Int, partial: PartialEpoch) {
    guard var partial else { return (epoch + 1, PartialEpoch()) }
    partial.steps = partial.steps * self.recipe.imagesPerUpdate / max(1, recipe.imagesPerUpdate)
    return (epoch, partial)
  }

  /// The recipe that the run would follow if its updates were divided as those of `other`: the same one where only the
  /// number of ranks differs, and each update has as many images.
  public func recipe(dividedAs other: Recipe) -> Recipe {
    guard recipe.imagesPerUpdate == other.imagesPerUpdate else { return recipe }
    var divided = recipe
    // With the ranks go their groups.
    if recipe.worldSize != other.worldSize { divided.precision.sumGroup = other.precision.sumGroup }
    divided.division = other.division
    return divided
  }
}

extension TrainingState: CheckedState {
  /// Updates and images of any run; products of two stay numbers.
  private static let most = 1 << 31

  /// What no run would have saved.
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
