public import Collective
public import Data
public import Model
public import Recipe
public import Torch

/// One step, from a batch of pixels to updated weights, together with every other rank.
///
/// Every rank holds the same weights before and after a step. A feature is a value that the trainer was built with.
public final class Trainer {
  /// The network that learns.
  public let network: Twins
  /// The optimizer with what it remembers.
  public let optimizer: any Optimizer
  /// The running average of the weights; nil when the recipe has none.
  let average: WeightAverage?
  /// The factor of the loss; nil where the gradients cannot vanish.
  public internal(set) var lossScale: LossScale?

  let recipe: Recipe
  private let group: any ProcessGroup
  private let gradients: GradientBuffer
  private let objective: Objective

  /// What every rank knows after a step.
  public struct Outcome: Equatable, Sendable {
    /// Mean loss of the step over all ranks.
    public let loss: Double
    /// L2 norm of the averaged gradient, before clipping; not finite where the step was skipped.
    public let gradientNorm: Double
    /// Whether a rank asked to stop: then all stop here, after the same step.
    public let stops: Bool
  }

  /// A trainer at step 0; `network` must hold the same weights on every rank.
  public init(_ network: Twins, recipe: Recipe, group: any ProcessGroup, on device: Device) {
    self.network = network
    self.recipe = recipe
    self.group = group
    optimizer = makeOptimizer(network.parameters, recipe.optimizer)
    average = recipe.ema.enabled ? WeightAverage(network.parameters, decay: recipe.ema.decay) : nil
    lossScale = recipe.products == .float16 ? LossScale() : nil
    gradients = GradientBuffer(network.parameters, on: device)
    objective = Objective(network, recipe, on: device)
  }

  /// Trains on this rank's share of the pictures of one update.
  ///
  /// Throws `TrainingError.diverged` on every rank at the same step, before any weight has changed, when the loss of
  /// any rank is not finite, or the gradient is not and there is no loss scale to lower.
  public func step(
    _ batch: PixelBatch, epoch: Int, learningRate: Double, stopRequested: Bool
  ) throws(TrainingError) -> Outcome {
    gradients.zero()
    let loss = addGradients(of: batch, epoch: epoch)
    let own = GradientBuffer.Shared(stop: stopRequested, loss: Float(loss))
    let all = try collectively { () throws(CollectiveError) in
      try gradients.allReduceMean(over: group, sharing: own)
    }
    if let lossScale { gradients.scale(by: 1 / lossScale.factor) }
    let norm = gradients.clip(to: recipe.optimizer.clip)
    guard all.loss.isFinite, norm.isFinite || lossScale != nil else {
      throw .diverged(loss: Double(all.loss), gradientNorm: norm)
    }
    lossScale?.update(gradientWasFinite: norm.isFinite)
    if norm.isFinite {
      optimizer.update(learningRate: learningRate)
      average?.update()
    }
    return Outcome(loss: Double(all.loss), gradientNorm: norm, stops: all.stop)
  }

  /// Runs `body` while the network has the weights that are to be evaluated and kept: the averaged ones, if there are any.
  public func withEvaluatedWeights<Result>(_ body: () throws -> Result) rethrows -> Result {
    try average.map { try $0.lent(body) } ?? body()
  }

  /// Adds the mean gradient of the batch's parts to the buffer; their mean loss.
  private func addGradients(of batch: PixelBatch, epoch: Int) -> Double {
    let parts = batch.parts(recipe.accumulation)
    let share = 1 / Double(parts.count)
    return parts.enumerated().reduce(0) { sum, part in
      let loss = objective(part.element, epoch: epoch, draw: draw(part: part.offset))
      loss.scaled(by: share * (lossScale?.factor ?? 1)).backward()
      return sum + share * loss.item()
    }
  }

  /// The number of a part among all that the ranks of this run ever train on.
  private func draw(part: Int) -> Int {
    (optimizer.steps * recipe.accumulation + part) * group.size + group.rank
  }
}
