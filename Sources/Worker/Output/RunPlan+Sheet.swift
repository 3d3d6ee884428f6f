import Datasets
import Recipe

extension RunPlan {
  /// What the first images of the first epoch look like to the network; nil where one of them cannot be read.
  func sheetOfTrainingImages(threads: Int) -> ImageSheet? {
    guard let sampler = try? Sampler(recipe, of: data.training) else { return nil }
    let views = Array(sampler.batches(epoch: 0, rank: 0).joined().prefix(24))
    let batch = try? TrainingViews(data.training, trainingTransform, seed: recipe.seed)
      .batch(views, epoch: 0, threads: threads)
    return batch.flatMap { $0 }.map { ImageSheet($0, columns: 6) }
  }
}
