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
  /// The optimizer with its moments.
  public let optimizer: AdamW

  private let recipe: Recipe
  private let group: any ProcessGroup
  private let gradients: GradientBuffer
  private let normalized: Normalizer
  private let device: Device

  /// What every rank knows after a step.
  public struct Outcome: Equatable, Sendable {
    /// Mean loss of the step over all ranks.
    public let loss: Double
    /// L2 norm of the averaged gradient, before clipping.
    public let gradientNorm: Double
    /// Whether a rank asked to stop: then all stop here, after the same step.
    public let stops: Bool
  }

  /// A trainer at step 0; `network` must hold the same weights on every rank.
  public init(_ network: Twins, recipe: Recipe, group: any ProcessGroup, on device: Device) {
    self.network = network
    self.recipe = recipe
    self.group = group
    self.device = device
    optimizer = AdamW(network.parameters, recipe.optimizer)
    gradients = GradientBuffer(network.parameters, on: device)
    normalized = Normalizer(on: device)
  }

  /// Trains on this rank's batch of the global one.
  ///
  /// Throws `TrainingError.diverged` on every rank at the same step, before any weight has changed, when the loss of
  /// any rank or the gradient is not finite.
  public func step(
    _ batch: PixelBatch, epoch: Int, learningRate: Double, stopRequested: Bool
  ) throws(TrainingError) -> Outcome {
    gradients.zero()
    let loss = loss(of: batch, epoch: epoch)
    loss.backward()
    let own = GradientBuffer.Shared(stop: stopRequested, loss: Float(loss.item()))
    let all = try collectively { () throws(CollectiveError) in
      try gradients.allReduceMean(over: group, sharing: own)
    }
    let norm = gradients.clip(to: recipe.optimizer.clip)
    guard all.loss.isFinite, norm.isFinite else {
      throw .diverged(loss: Double(all.loss), gradientNorm: norm)
    }
    optimizer.update(learningRate: learningRate)
    return Outcome(loss: Double(all.loss), gradientNorm: norm, stops: all.stop)
  }

  private func loss(of batch: PixelBatch, epoch: Int) -> Tensor {
    let pictures = normalized(batch.pixels, count: batch.count, side: batch.size)
    let labels = Tensor(batch.labels.map(Int64.init), [batch.count]).moved(to: device)
    let pass = Pass.training(
      DropPath(seed: recipe.seed, epoch: epoch, pictures: batch.indices), products: recipe.products)
    return crossEntropy(network(pictures, pass), labels, smoothing: recipe.smoothing)
  }
}

extension Recipe {
  /// The element type of matrix products.
  var products: DType {
    switch precision {
    case .float32: .float32
    case .bfloat16: .bfloat16
    }
  }
}
