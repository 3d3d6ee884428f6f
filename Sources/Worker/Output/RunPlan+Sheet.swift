import Datasets
import Flags
import Recipe

extension RunPlan {
  /// A sheet of the first epoch's first images as the network sees them; nil if one of them cannot be read.
  func sheetOfTrainingImages(threads: Int) -> ImageSheet? {
    guard let sampler = try? Sampler(recipe, of: data.training) else { return nil }
    let views = TrainingViews(
      data.training, trainingTransform, seed: recipe.seed, skipping: settings.skipDamaged)
    let batch = try? views.first(24, of: sampler, epoch: 0, threads: threads)
    return batch.flatMap { $0 }.map { ImageSheet($0, columns: 6) }
  }
}
