import Datasets
import Recipe
import Training

extension TrainingState {
  /// The place in words.
  var summary: String {
    partial.map { "epoch \(epoch) after step \($0.steps)" } ?? "epoch \(epoch) done"
  }

  /// A note if a run of `recipe` does not continue exactly like the saved one; otherwise nil.
  func note(for recipe: Recipe) -> String? {
    if (arithmetic ?? Self.arithmetic) != Self.arithmetic {
      return
        "note: another version of this program saved the checkpoint, whose numbers differ from this one's: "
        + "from here on it is another run."
    }
    if recipeDigest == recipe.digest { return nil }
    if self.recipe(dividedAs: recipe).digest == recipe.digest {
      return
        "note: \(recipe.worldSize) × \(recipe.data.batchSize) images at once where the checkpoint's run had "
        + "\(self.recipe.worldSize) × \(self.recipe.data.batchSize): the same images in the same steps, "
        + "rounded otherwise and mixed by other draws."
    }
    return
      "note: the checkpoint's run had other values: from here on it is another run. recipe.json names them all."
  }

  /// A note if hosts go through other shards than before; otherwise nil.
  ///
  /// Throws inside an epoch of `steps` steps, whose rest would repeat some images and miss others.
  func note(forShards shards: UInt32?, steps: Int, in recipe: Recipe) throws(Failure) -> String? {
    guard self.shards != shards else { return nil }
    let done = place(for: recipe).partial.steps
    guard done == 0 || done >= steps else {
      throw Failure(
        "the checkpoint lies inside an epoch (\(summary)) in which hosts had other shards to train on than now: the rest would "
          + "show some images again and others not at all. Give as many hosts what they had and the same --shards-by-host, or go "
          + "on from the end of an epoch: --resume FOLDER/checkpoints/epoch-N", exitStatus: .badConfiguration)
    }
    return "note: hosts have other shards to train on than before: from here on it is another run."
  }

  /// Warnings if the run continues with other images, one sentence for each kind; empty if the old ones were
  /// not recorded.
  func warnings(forImages now: RunImages, in recipe: Recipe) -> [String] {
    guard let images else { return [] }
    var warnings: [String] = []
    if let change = Self.change(from: images.training, to: now.training) {
      let isWithin = place(for: recipe).partial.steps > 0
      warnings.append(
        "warning: these are not the images that the checkpoint's run learnt from: \(change). "
          + (isWithin ? "The rest of the epoch shows some again and others not at all; from" : "From")
          + " here on it is another run.")
    }
    // Held-out images have a warning of their own.
    if recipe.data.heldOut == 0, let change = Self.change(from: images.validation, to: now.validation) {
      warnings.append(
        "warning: these are not the images that the checkpoint's run was judged by: \(change). Its best result so far is of "
          + "those, and what comes from here on is compared with it.")
    }
    return warnings
  }

  /// Nil if nothing differs, or one of the two has no images.
  private static func change(from then: ImageListing, to now: ImageListing) -> String? {
    guard then != now, then.count > 0, now.count > 0 else { return nil }
    return then.count == now.count
      ? "\(then.count) then and now, some under other names" : "\(then.count) then, \(now.count) now"
  }

  private static func part(_ recipe: Recipe) -> String {
    recipe.data.heldOut == 0 ? "none" : "\(recipe.data.heldOut)"
  }

  /// Throws unless a run of `recipe` with these classes may resume from this state, or evaluate it.
  func check(against recipe: Recipe, classes: [ClassName], evaluating: Bool) throws {
    guard self.recipe.model.name == recipe.model.name else {
      throw Failure(
        "the checkpoint is of \(self.recipe.model.name) and the run of \(recipe.model.name): "
          + "leave --model out to go on with it, or start another run in another --output-dir",
        exitStatus: .badConfiguration)
    }
    guard self.recipe.optimizer.kind == recipe.optimizer.kind else {
      throw Failure(
        "the checkpoint has the moments of \(self.recipe.optimizer.kind) and the run updates by \(recipe.optimizer.kind): "
          + "leave --opt out to go on with it, or take its weights alone with --finetune",
        exitStatus: .badConfiguration)
    }
    guard self.recipe.ema.enabled || !recipe.ema.enabled else {
      throw Failure(
        "the checkpoint has no moving average of the weights: leave --model-ema out to go on with it",
        exitStatus: .badConfiguration)
    }
    guard self.recipe.data.heldOut == recipe.data.heldOut || evaluating else {
      throw Failure(
        "the checkpoint's run held other images out (--val-split \(Self.part(self.recipe)), here \(Self.part(recipe))), "
          + "and would be judged by some that it has learnt: leave --val-split as it was to go on with it, or start another run in "
          + "another --output-dir", exitStatus: .badConfiguration)
    }
    try ClassMismatch.check(self.classes, against: classes, of: "the checkpoint")
  }
}
