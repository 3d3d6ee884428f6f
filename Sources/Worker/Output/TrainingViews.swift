import Datasets
import Recipe

/// What training images look like to the network, before they are mixed and parts of them are erased.
struct TrainingViews {
  let folder: ImageFolder
  private let transform: any Transform
  private let seed: UInt64
  private let most: Int

  /// - Parameter skipped: The most damaged images that an epoch may pass over; nil for none.
  init(_ folder: ImageFolder, _ transform: any Transform, seed: UInt64, skipping skipped: Int?) {
    (self.folder, self.transform, self.seed) = (folder, transform, seed)
    most = skipped ?? 0
  }

  /// The first views that rank 0 takes in an epoch; nil for none, and the error of the first image that cannot be used.
  func first(_ count: Int, of sampler: Sampler, epoch: Int, threads: Int) throws(DataError) -> PixelBatch? {
    let views = Array(sampler.batches(epoch: epoch, rank: 0).joined().prefix(count))
    guard !views.isEmpty else { return nil }
    let loader = BatchLoader(
      folder: folder, transform: transform, batchSize: views.count, seed: seed,
      threads: min(threads, views.count), failures: .replaced(inARow: most))
    loader.start(batches: [views], epoch: epoch)
    return try loader.next()
  }
}

extension Sampler {
  /// The order of a recipe's epochs, of which there is a first view in the smallest folder: no step need be whole.
  init(viewsOf recipe: Recipe, _ images: ImageFolder) throws(DataError) {
    var recipe = recipe
    (recipe.data.batchSize, recipe.accumulation) = (1, 1)
    try self.init(recipe, of: images)
  }
}
