import Model
import Recipe
import Torch

/// Makes the network that a recipe names, with weights drawn from its seed; each family has a file of its own
/// and a case here.
func makeNetwork(_ recipe: Recipe, classes: Int, on device: Device) throws(RecipeError) -> any Network {
  let name = try ModelName.canonical(recipe.model.name)
  let (dropPath, seed) = (recipe.model.dropPath, recipe.seed)
  if let configuration = TwinsConfiguration.named(name) {
    return Twins(configuration, classes: classes, dropPath: dropPath, seed: seed, on: device)
  }
  if let shape = VisionTransformer.Shape.named(name) {
    return VisionTransformer(
      shape, side: recipe.data.inputSize, classes: classes, dropPath: dropPath, seed: seed, on: device)
  }
  throw RecipeError("model \(name) has a name but no configuration", exitStatus: .software)
}
