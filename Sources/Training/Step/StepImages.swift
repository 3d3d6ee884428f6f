public import Datasets
public import Recipe
public import Torch

/// What a step makes of a batch's bytes before anything else, for who measures how long that takes.
public struct StepImages {
  private let normalizer: Normalizer
  private let erasing: RandomErasing?
  private let seed: UInt64

  /// As a training by `recipe` does it on the host.
  public init(_ recipe: Recipe) {
    normalizer = Normalizer(recipe.data.preprocessing, on: .cpu)
    erasing = RandomErasing(recipe)
    seed = recipe.seed
  }

  /// The views as floats, normalised, `[B, S, S, 3]`.
  public func normalized(_ batch: PixelBatch) -> Tensor {
    normalizer(Tensor(bytes: batch.pixels, [batch.count, batch.size, batch.size, 3], .uint8))
  }

  /// Erases boxes of a batch's views, which are normalised already.
  public func erase(_ images: Tensor, of batch: PixelBatch, epoch: Int) {
    erasing?.erasures(side: batch.size, seed: seed, epoch: epoch, views: batch.indices).apply(to: images)
  }
}
