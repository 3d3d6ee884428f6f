public import Checkpoint
public import Data
public import Recipe
import Collective
import Model
import Torch

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
  /// The version of the arithmetic that the run was computed with; nil in checkpoints from before there was one.
  public var arithmetic: Int?

  /// What `arithmetic` is in this program: raised whenever the same recipe would give other numbers.
  public static let arithmetic = 1

  /// The state after an epoch, or inside one.
  public init(
    epoch: Int, steps: Int, bestAccuracy: Double, bestAverage: Double? = nil, classes: [ClassName],
    recipe: Recipe, lossScale: LossScale? = nil, partial: PartialEpoch? = nil
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
    arithmetic = Self.arithmetic
  }
}

extension TrainingState {
  /// Whether `bestAccuracy` is the average's, as in checkpoints from before both were evaluated.
  public var evaluatedOnlyItsAverage: Bool { recipe.ema.enabled && bestAverage == nil }
}

extension Trainer {
  /// Continues where a checkpoint left off, saved by any number of ranks; changes nothing unless everything fits.
  public func resume(_ checkpoint: StoredCheckpoint) throws -> TrainingState {
    let state = try checkpoint.state(TrainingState.self)
    let model = try checkpoint.tensors(of: Self.modelFile)
    let moments = try checkpoint.tensors(of: Self.optimizerFile)
    let averages = try average.map { _ in try checkpoint.tensors(of: Self.averageFile) }
    let shapes = network.parameters.map { ($0.name, $0.tensor.shape) }
    try WeightsMismatch.check(model, against: shapes)
    try WeightsMismatch.check(moments, against: optimizer.memoryShapes)
    if let averages { try WeightsMismatch.check(averages, against: shapes) }
    for parameter in network.parameters { parameter.tensor.fill(from: model, named: parameter.name) }
    if let average, let averages { average.fill(from: averages) }
    optimizer.fill(from: moments)
    optimizer.resume(atStep: state.steps)
    if lossScale != nil, let saved = state.lossScale { lossScale = saved }
    return state
  }
}
