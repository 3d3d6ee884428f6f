import ArgumentParser
import Recipe

/// AdamW, the gradient's clip and the loss.
package struct OptimizerFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Decoupled weight decay.", valueName: "decay"))
  package var weightDecay = reference.optimizer.weightDecay

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Decay rates of AdamW's two running means.", valueName: "beta"))
  package var optBetas = [reference.optimizer.beta1, reference.optimizer.beta2]

  @Option(help: ArgumentHelp("AdamW's epsilon.", valueName: "epsilon"))
  package var optEps = reference.optimizer.epsilon

  @Option(help: ArgumentHelp("Largest L2 norm of the whole gradient; 0 leaves it alone.", valueName: "norm"))
  package var clipGrad = reference.optimizer.clip ?? 0

  @Option(help: ArgumentHelp("Label smoothing.", valueName: "share"))
  package var smoothing = reference.smoothing

  package init() {}

  /// The recipe's part; throws when a value is out of range.
  func optimizer() throws(RecipeError) -> Recipe.Optimizer {
    try check()
    var optimizer = Recipe.Optimizer()
    optimizer.weightDecay = weightDecay
    optimizer.beta1 = optBetas[0]
    optimizer.beta2 = optBetas[1]
    optimizer.epsilon = optEps
    optimizer.clip = clipGrad > 0 ? clipGrad : nil
    return optimizer
  }

  /// The share of a target that is spread over all classes; throws when it is out of range.
  func checkedSmoothing() throws(RecipeError) -> Double {
    try require((0..<1).contains(smoothing), "--smoothing", smoothing, "from 0 to below 1")
    return smoothing
  }

  private func check() throws(RecipeError) {
    try require(weightDecay >= 0 && weightDecay.isFinite, "--weight-decay", weightDecay, "at least 0")
    try require(
      optBetas.count == 2 && optBetas.allSatisfy((0..<1).contains), "--opt-betas", optBetas,
      "two numbers from 0 to below 1")
    try require(optEps > 0 && optEps.isFinite, "--opt-eps", optEps, "above 0")
    try require(clipGrad >= 0, "--clip-grad", clipGrad, "at least 0")
  }

  /// Flags that differ from their defaults.
  var changed: [String] {
    let values = reference.optimizer
    return Flags.changed([
      ("--weight-decay", weightDecay != values.weightDecay),
      ("--opt-betas", optBetas != [values.beta1, values.beta2]), ("--opt-eps", optEps != values.epsilon),
      ("--clip-grad", clipGrad != values.clip), ("--smoothing", smoothing != reference.smoothing),
    ])
  }
}
