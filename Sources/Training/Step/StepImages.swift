public import Datasets
public import Recipe
public import Torch

/// Normalises and erases a batch's images as a step does, for measuring how long that takes.
public struct StepImages {
  private let normalizer: Normalizer
  private let erasing: RandomErasing?
  private let seed: UInt64

  /// Makes the image stage of a training by `recipe` on the host.
  public init(_ recipe: Recipe) {
    normalizer = Normalizer(recipe.data.preprocessing, on: .cpu)
    erasing = RandomErasing(recipe)
    seed = recipe.seed
  }

  /// Normalises the views to floats `[B, S, S, 3]`.
  public func normalized(_ batch: PixelBatch) -> Tensor {
    normalizer(Tensor(bytes: batch.pixels, [batch.count, batch.size, batch.size, 3], .uint8))
  }

  /// Erases boxes of a batch's normalised views.
  public func erase(_ images: Tensor, of batch: PixelBatch, epoch: Int) {
    erasing?.erasures(side: batch.size, seed: seed, epoch: epoch, views: batch.indices).apply(to: images)
  }
}
