import Model
import Recipe
import Torch

extension Twins {
  /// The network that a recipe names, its weights drawn from the recipe's seed.
  init(_ recipe: Recipe, classes: Int, on device: Device) throws(RecipeError) {
    guard let configuration = TwinsConfiguration.named(try ModelName.canonical(recipe.model.name)) else {
      throw RecipeError("model \(recipe.model.name) has a name but no configuration", exitStatus: .software)
    }
    self.init(configuration, classes: classes, dropPath: recipe.model.dropPath, seed: recipe.seed, on: device)
  }
}
