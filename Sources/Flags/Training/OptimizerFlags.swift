package import ArgumentParser
package import Recipe

/// Flags of the optimizer and gradient clipping.
package struct OptimizerFlags: ParsableArguments {
  @Option(
    help: help(
      "Rule of an update: adamw (also npufusedadamw), sgd, lion, lamb, cadamw (AdamW with caution) or muon.",
      of: "--opt", "rule"))
  package var opt: String?

  @Option(help: help("Weight decay.", of: "--weight-decay", "decay"))
  package var weightDecay: Double?

  @Option(
    parsing: .upToNextOption,
    help: help("Decay rates of the two running means of AdamW and its kin.", of: "--opt-betas", "beta"))
  package var optBetas: [Double] = []

  @Option(help: help("AdamW's epsilon.", of: "--opt-eps", "epsilon"))
  package var optEps: Double?

  @Option(help: help("SGD's and Muon's momentum.", of: "--momentum", "momentum"))
  package var momentum: Double?

  @Option(
    help: help("Largest L2 norm of the whole gradient; 0 leaves it alone.", of: "--clip-grad", "norm"))
  package var clipGrad: Double?

  @Option(
    help: help(
      "What --clip-grad bounds: the norm, each value, or each output's norm by that of its weights (agc).",
      of: "--clip-mode", "mode"))
  package var clipMode: Recipe.Optimizer.ClipMode?

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
      idle: [.sgd, .lion]),
    FlagRow(
      "--momentum", \.optimizer.momentum, sets: \.optimizer.momentum, "optimizer.momentum", .share,
      idle: [.adamW]),
    FlagRow(
      "--clip-grad", \.optimizer.clipGrad, sets: \.optimizer.clip, "optimizer.clip",
      Bounds("from 0 to \(largestFloat)") { $0.map { $0 > 0 && $0 <= largestFloat } ?? true }
    ) { $0 == 0 ? nil : $0 },
    FlagRow(
      "--clip-mode", \.optimizer.clipMode, sets: \.optimizer.clipMode, "optimizer.clipMode",
      idle: [.unclipped, .looseShare]),
    FlagRow(
      "--accumulate", \.optimizer.accumulate, sets: \.accumulation, "accumulation", .within(1...65_536)),
  ]

  private static func kind(_ word: String) throws(RecipeError) -> Recipe.Optimizer.Kind {
    switch word.lowercased() {
    case "adamw", "npufusedadamw": return .adamw
    case let word:
      if let kind = Recipe.Optimizer.Kind(rawValue: word) { return kind }
      let all = Recipe.Optimizer.Kind.allCases.map(\.rawValue)
      throw RecipeError("--opt \(word): must be one of \(all.joined(separator: ", ")), or npufusedadamw")
    }
  }

  private static func two(_ betas: [Double]) throws(RecipeError) -> [Double] {
    guard betas.count == 2, betas.allSatisfy((0..<1).contains) else {
      throw RecipeError("--opt-betas \(spelt(betas)): must be two numbers from 0 to below 1")
    }
    return betas
  }
}
