/// A set of defaults for a kind of start, by its name: `--recipe`.
public enum NamedRecipe: String, Codable, Sendable, CaseIterable {
  /// A thousand classes from scratch: the reference's values.
  case imagenet
  /// Weights that have learnt other images go on with these.
  case finetune
  /// A few hundred to a few thousand images from scratch.
  case small

  /// The values that flags and files then lie over.
  public var recipe: Recipe {
    switch self {
    case .imagenet: Recipe()
    case .finetune: .finetuning
    case .small: .forFewImages
    }
  }
}

extension Recipe {
  /// What is learnt is kept: a low rate that does not fall with the batch, and images close to what they are.
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

  /// Many updates from few images, at a rate that learns from the first one, and little that hides what is in them.
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

  /// The rate as given, and each image and its class by itself.
  private static var unmixed: Recipe {
    var recipe = Recipe()
    recipe.schedule.scalesRate = false
    recipe.mixing.mixup = 0
    recipe.mixing.cutmix = 0
    recipe.data.erasing.probability = 0
    return recipe
  }
}
