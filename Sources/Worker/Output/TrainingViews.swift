import Datasets
import Recipe

/// Training images as the network sees them, before mixing and erasing.
struct TrainingViews {
  let folder: ImageFolder
  private let transform: any Transform
  private let seed: UInt64
  private let most: Int

  /// Makes views of a folder.
  ///
  /// - Parameter skipped: The most damaged images that an epoch may skip; nil for none.
  init(_ folder: ImageFolder, _ transform: any Transform, seed: UInt64, skipping skipped: Int?) {
    (self.folder, self.transform, self.seed) = (folder, transform, seed)
    most = skipped ?? 0
  }

  /// The first views that rank 0 takes in an epoch; nil if there are none; throws the error of the first
  /// unusable image.
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
  /// Makes a sampler in the recipe's order with batches of one, so that even the smallest folder has a first
  /// view.
  init(viewsOf recipe: Recipe, _ images: ImageFolder) throws(DataError) {
    var recipe = recipe
    (recipe.data.batchSize, recipe.accumulation) = (1, 1)
    try self.init(recipe, of: images)
  }
}
