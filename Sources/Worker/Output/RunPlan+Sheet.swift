import Datasets
import Recipe

extension RunPlan {
  /// What the first images of the first epoch look like to the network, before mixing and erasing; nil where one of them
  /// cannot be read.
  func sheetOfTrainingImages(threads: Int) -> ImageSheet? {
    guard let sampler = try? Sampler(recipe, count: data.training.count) else { return nil }
    let views = Array(sampler.batches(epoch: 0, rank: 0).joined().prefix(24))
    let loader = BatchLoader(
      folder: data.training, transform: trainingTransform, batchSize: max(1, views.count), seed: recipe.seed,
      threads: threads)
    loader.start(batches: [views], epoch: 0)
    return (try? loader.next()).flatMap { $0.map { ImageSheet($0, columns: 6) } }
  }
}
