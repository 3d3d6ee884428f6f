package import ArgumentParser
import Recipe

/// The rule of an update, and the gradient's clip.
package struct OptimizerFlags: ParsableArguments {
  @Option(
    help: help(
      "Rule of an update: adamw (also npufusedadamw) or sgd.", reference.optimizer.kind.rawValue, "rule"))
  package var opt: String?

  @Option(help: help("Weight decay.", reference.optimizer.weightDecay, "decay"))
  package var weightDecay: Double?

  @Option(
    parsing: .upToNextOption,
    help: help(
      "Decay rates of AdamW's two running means.", [reference.optimizer.beta1, reference.optimizer.beta2],
      "beta"))
  package var optBetas: [Double] = []

  @Option(help: help("AdamW's epsilon.", reference.optimizer.epsilon, "epsilon"))
  package var optEps: Double?

  @Option(help: help("SGD's momentum.", reference.optimizer.momentum, "momentum"))
  package var momentum: Double?

  @Option(
    help: help(
      "Largest L2 norm of the whole gradient; 0 leaves it alone.", reference.optimizer.clip ?? 0, "norm"))
  package var clipGrad: Double?

  @Option(
    help: help("Batches whose gradients each worker adds up for one update.", reference.accumulation, "n"))
  package var accumulate: Int?

  package init() {}

  func settle(_ settings: inout Settings) throws(RecipeError) {
    let kind: Recipe.Optimizer.Kind? = if let opt { try self.kind(opt) } else { nil }
    try settings.take(kind, "--opt", into: \.optimizer.kind, "optimizer.kind")
    try settings.take(
      weightDecay, "--weight-decay", into: \.optimizer.weightDecay, "optimizer.weightDecay", in: 0...1000)
    try settleBetas(&settings)
    try settings.take(
      optEps, "--opt-eps", into: \.optimizer.epsilon, "optimizer.epsilon", "above 0, at most 1"
    ) { $0 > 0 && $0 <= 1 }
    try settings.take(
      momentum, "--momentum", into: \.optimizer.momentum, "optimizer.momentum", "from 0 to below 1",
      where: isShare)
    try settings.take(
      clipGrad.map { $0 == 0 ? nil : $0 }, "--clip-grad", into: \.optimizer.clip, "optimizer.clip",
      "from 0 to \(largestFloat)"
    ) { $0.map { $0 > 0 && $0 <= largestFloat } ?? true }
    try settings.take(
      accumulate, "--accumulate", into: \.accumulation, "accumulation", in: 1...65_536)
  }

  private func settleBetas(_ settings: inout Settings) throws(RecipeError) {
    guard optBetas.isEmpty || (optBetas.count == 2 && optBetas.allSatisfy(isShare)) else {
      throw RecipeError(
        "--opt-betas \(optBetas.map(\.description).joined(separator: " ")): must be two numbers from 0 to below 1"
      )
    }
    try settings.take(
      optBetas.first, "--opt-betas", into: \.optimizer.beta1, "optimizer.beta1", "from 0 to below 1",
      where: isShare)
    try settings.take(
      optBetas.last, "--opt-betas", into: \.optimizer.beta2, "optimizer.beta2", "from 0 to below 1",
      where: isShare)
  }

  private func kind(_ word: String) throws(RecipeError) -> Recipe.Optimizer.Kind {
    switch word.lowercased() {
    case "adamw", "npufusedadamw": return .adamw
    case "sgd": return .sgd
    default: throw RecipeError("--opt \(word): must be adamw (also npufusedadamw) or sgd")
    }
  }
}
