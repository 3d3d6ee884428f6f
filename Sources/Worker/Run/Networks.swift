import Model
import Recipe
import Torch

/// The network that a recipe names, its weights drawn from the recipe's seed: a model is a file of its own, and a case here.
func makeNetwork(_ recipe: Recipe, classes: Int, on device: Device) throws(RecipeError) -> any Network {
  if let configuration = TwinsConfiguration.named(try ModelName.canonical(recipe.model.name)) {
    return Twins(
      configuration, classes: classes, dropPath: recipe.model.dropPath, seed: recipe.seed, on: device)
  }
  throw RecipeError("model \(recipe.model.name) has a name but no configuration", exitStatus: .software)
}
