package import ArgumentParser
import Recipe

/// How long training runs, and how the learning rate moves.
package struct ScheduleFlags: ParsableArguments {
  @Option(help: help("Shape of the learning rate's curve; cosine is the one there is.", "cosine", "shape"))
  package var sched: String?

  @Option(help: help("Passes over the training images.", reference.schedule.epochs, "n"))
  package var epochs: Int?

  @Option(help: help("First epoch, counted from 0, of a run without a checkpoint.", 0, "n"))
  package var startEpoch: Int?

  @Option(help: ArgumentHelp("End each epoch after this many steps.", valueName: "n"))
  package var maxStep: Int?

  @Option(
    help: help(
      "Learning rate for 512 images an update; scaled by batch size × workers / 512.",
      reference.schedule.rate, "rate"))
  package var lr: Double?

  @Flag(inversion: .prefixedNo, help: help("Scale --lr, or use it as it is given.", "--lr-scaling"))
  package var lrScaling: Bool?

  @Option(help: help("Epochs of linear warm-up.", reference.schedule.warmupEpochs, "n"))
  package var warmupEpochs: Int?

  @Option(
    help: help("Learning rate that the warm-up starts from; not scaled.", reference.schedule.warmup, "rate"))
  package var warmupLr: Double?

  @Option(
    help: help("Learning rate that the cosine falls to; not scaled.", reference.schedule.minimum, "rate"))
  package var minLr: Double?

  package init() {}

  func settle(_ settings: inout Settings) throws(RecipeError) {
    let kind: Recipe.Schedule.Kind? = if let sched { try self.kind(sched) } else { nil }
    try settings.take(kind, "--sched", into: \.schedule.kind, "schedule.kind")
    try settings.take(epochs, "--epochs", into: \.schedule.epochs, "schedule.epochs", in: 1...manyEpochs)
    try settings.take(
      startEpoch, "--start-epoch", into: \.schedule.startEpoch, "schedule.startEpoch", in: 0...manyEpochs)
    try settings.take(
      maxStep.map(Optional.some), "--max-step", into: \.schedule.stepLimit, "schedule.stepLimit",
      "from 1 to \(manySteps)"
    ) { $0.map { (1...manySteps).contains($0) } ?? true }
    try settleRate(&settings)
    try settings.take(
      warmupEpochs, "--warmup-epochs", into: \.schedule.warmupEpochs, "schedule.warmupEpochs",
      in: 0...manyEpochs)
  }

  private func settleRate(_ settings: inout Settings) throws(RecipeError) {
    try settings.take(lr, "--lr", into: \.schedule.rate, "schedule.rate", "above 0, at most \(largestFloat)")
    {
      $0 > 0 && $0 <= largestFloat
    }
    try settings.take(
      lrScaling, lrScaling == true ? "--lr-scaling" : "--no-lr-scaling", into: \.schedule.scalesRate,
      "schedule.scalesRate")
    try settings.take(
      warmupLr, "--warmup-lr", into: \.schedule.warmup, "schedule.warmup", in: 0...largestFloat)
    try settings.take(
      minLr, "--min-lr", into: \.schedule.minimum, "schedule.minimum", in: 0...largestFloat)
  }

  private func kind(_ word: String) throws(RecipeError) -> Recipe.Schedule.Kind {
    guard let kind = Recipe.Schedule.Kind(rawValue: word) else {
      throw RecipeError(
        "--sched \(word): must be cosine, the reference's; the other schedules of timm are left out")
    }
    return kind
  }
}

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
