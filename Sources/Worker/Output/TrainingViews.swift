import Datasets
import Recipe

/// What training images look like to the network, before they are mixed and parts of them are erased.
struct TrainingViews {
  let folder: ImageFolder
  private let transform: any Transform
  private let seed: UInt64

  init(_ folder: ImageFolder, _ transform: any Transform, seed: UInt64) {
    (self.folder, self.transform, self.seed) = (folder, transform, seed)
  }

  /// Views by their numbers, as an epoch has them; nil for none, and the error of the first image that cannot be used.
  func batch(_ views: [Int], epoch: Int, threads: Int) throws(DataError) -> PixelBatch? {
    guard !views.isEmpty else { return nil }
    let loader = BatchLoader(
      folder: folder, transform: transform, batchSize: views.count, seed: seed,
      threads: min(threads, views.count))
    loader.start(batches: [views], epoch: epoch)
    return try loader.next()
  }
}
