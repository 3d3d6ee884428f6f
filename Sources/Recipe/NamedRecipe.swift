/// A named set of defaults for `--recipe`.
public enum NamedRecipe: String, Codable, Sendable, CaseIterable {
  /// Training 1,000 classes from scratch: the reference's values.
  case imagenet
  /// Fine-tuning weights that were trained on other images.
  case finetune
  /// Training on a few hundred to a few thousand images from scratch.
  case small

  /// The defaults, which flags and files override.
  public var recipe: Recipe {
    switch self {
    case .imagenet: Recipe()
    case .finetune: .finetuning
    case .small: .forFewImages
    }
  }
}

extension Recipe {
  /// Keeps what was learnt: a low rate not scaled with the batch, and mild augmentation.
  fileprivate static var finetuning: Recipe {
    var recipe = unmixed
    recipe.data.batchSize = 32
    recipe.data.cropScale = [0.25, 1]
    recipe.schedule.epochs = 30
    recipe.schedule.rate = 1e-4
    recipe.schedule.warmupEpochs = 2
    recipe.schedule.warmup = 1e-5
    recipe.schedule.minimum = 1e-6
    return recipe
  }

  /// Makes many updates from few images, with a rate that is high from the start and mild augmentation.
  fileprivate static var forFewImages: Recipe {
    var recipe = unmixed
    recipe.data.batchSize = 16
    recipe.data.cropScale = [0.5, 1]
    recipe.data.autoAugment = ""
    recipe.model.dropPath = 0
    recipe.schedule.epochs = 100
    recipe.schedule.rate = 1e-3
    recipe.schedule.warmupEpochs = 0
    return recipe
  }

  /// An unscaled rate, without mixing.
  private static var unmixed: Recipe {
    var recipe = Recipe()
    recipe.schedule.scalesRate = false
    recipe.mixing.mixup = 0
    recipe.mixing.cutmix = 0
    recipe.data.erasing.probability = 0
    return recipe
  }
}
