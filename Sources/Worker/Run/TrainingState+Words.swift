import Recipe
import Training

extension TrainingState {
  /// The place, in words.
  var summary: String {
    partial.map { "epoch \(epoch) after step \($0.steps)" } ?? "epoch \(epoch) done"
  }

  /// What to say where a run of `recipe` does not go on as the one that was saved; nil where it does.
  func note(for recipe: Recipe) -> String? {
    if (arithmetic ?? Self.arithmetic) != Self.arithmetic {
      return
        "note: another version of this program saved the checkpoint, whose numbers differ from this one's: "
        + "from here on it is another run."
    }
    if recipeDigest == recipe.digest { return nil }
    if self.recipe(dividedAs: recipe).digest == recipe.digest {
      return
        "note: \(recipe.worldSize) × \(recipe.data.batchSize) pictures at once where the checkpoint's run had "
        + "\(self.recipe.worldSize) × \(self.recipe.data.batchSize): the same pictures in the same steps, "
        + "rounded otherwise and mixed by other draws."
    }
    return
      "note: the checkpoint's run had other values: from here on it is another run. recipe.json names them all."
  }
}
