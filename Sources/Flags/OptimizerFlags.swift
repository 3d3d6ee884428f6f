package import ArgumentParser
import Recipe

/// The rule of an update, and the gradient's clip.
package struct OptimizerFlags: ParsableArguments {
  @Option(
    help: help("Rule of an update: adamw (also npufusedadamw) or sgd.", of: "--opt", "rule"))
  package var opt: String?

  @Option(help: help("Weight decay.", of: "--weight-decay", "decay"))
  package var weightDecay: Double?

  @Option(
    parsing: .upToNextOption,
    help: help("Decay rates of AdamW's two running means.", of: "--opt-betas", "beta"))
  package var optBetas: [Double] = []

  @Option(help: help("AdamW's epsilon.", of: "--opt-eps", "epsilon"))
  package var optEps: Double?

  @Option(help: help("SGD's momentum.", of: "--momentum", "momentum"))
  package var momentum: Double?

  @Option(
    help: help("Largest L2 norm of the whole gradient; 0 leaves it alone.", of: "--clip-grad", "norm"))
  package var clipGrad: Double?

  @Option(help: help("Batches whose gradients each worker adds up for one update.", of: "--accumulate", "n"))
  package var accumulate: Int?

  package init() {}

  static let rows: [FlagRow] = [
    FlagRow("--opt", \.optimizer.opt, sets: \.optimizer.kind, "optimizer.kind", reading: kind),
    FlagRow(
      "--weight-decay", \.optimizer.weightDecay, sets: \.optimizer.weightDecay, "optimizer.weightDecay",
      .within(0...1000)),
    FlagRow(
      "--opt-betas", \.optimizer.optBetas.given, sets: \.optimizer.beta1, "optimizer.beta1", .share,
      idle: [.sgd]
    ) { given throws(RecipeError) in try two(given)[0] },
    FlagRow(
      "--opt-betas", \.optimizer.optBetas.given, sets: \.optimizer.beta2, "optimizer.beta2", .share,
      idle: [.sgd]
    ) { given throws(RecipeError) in try two(given)[1] },
    FlagRow(
      "--opt-eps", \.optimizer.optEps, sets: \.optimizer.epsilon, "optimizer.epsilon", .positive(upTo: 1),
      idle: [.sgd]),
    FlagRow(
      "--momentum", \.optimizer.momentum, sets: \.optimizer.momentum, "optimizer.momentum", .share,
      idle: [.adamW]),
    FlagRow(
      "--clip-grad", \.optimizer.clipGrad, sets: \.optimizer.clip, "optimizer.clip",
      Bounds("from 0 to \(largestFloat)") { $0.map { $0 > 0 && $0 <= largestFloat } ?? true }
    ) { $0 == 0 ? nil : $0 },
    FlagRow(
      "--accumulate", \.optimizer.accumulate, sets: \.accumulation, "accumulation", .within(1...65_536)),
  ]

  private static func kind(_ word: String) throws(RecipeError) -> Recipe.Optimizer.Kind {
    switch word.lowercased() {
    case "adamw", "npufusedadamw": return .adamw
    case "sgd": return .sgd
    default: throw RecipeError("--opt \(word): must be adamw (also npufusedadamw) or sgd")
    }
  }

  private static func two(_ betas: [Double]) throws(RecipeError) -> [Double] {
    guard betas.count == 2, betas.allSatisfy((0..<1).contains) else {
      throw RecipeError("--opt-betas \(spelt(betas)): must be two numbers from 0 to below 1")
    }
    return betas
  }
}
