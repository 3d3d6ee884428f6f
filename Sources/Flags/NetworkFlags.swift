package import ArgumentParser
package import Recipe

/// Which network, its regularisation, precision and randomness.
package struct NetworkFlags: ParsableArguments {
  @Option(help: help("Network, by the reference's name or timm's.", reference.model.name, "name"))
  package var model: String?

  @Option(
    help: help("Chance that an output of a projection or an MLP is dropped.", reference.model.dropout, "rate")
  )
  package var drop: Double?

  @Option(
    help: help("Highest drop-path rate; it rises from 0 over the blocks.", reference.model.dropPath, "rate"))
  package var dropPath: Double?

  @Option(
    help: help(
      "O0: float32. O1: matrix products and convolutions in 16 bits, the rest in float32.",
      reference.precision.level.rawValue, "level"))
  package var amp: AmpLevel?

  @Option(help: help("The 16 bits of --amp O1.", reference.precision.dtype.rawValue, "type"))
  package var ampDtype: Recipe.Precision.ElementType?

  @Option(
    help: help(
      "What gradients are rounded to on their way over ipc or tcp; bfloat16 and float16 halve the bytes.",
      reference.precision.gradientWire.rawValue, "type"))
  package var gradientWire: Recipe.Precision.GradientType?

  @Flag(
    inversion: .prefixedNo,
    help: help(
      "Keep a moving average of the weights (EMA) too; it is evaluated and written beside them.",
      "--no-model-ema"
    ))
  package var modelEma: Bool?

  @Option(help: help("The part of the average that a step keeps.", reference.ema.decay, "decay"))
  package var modelEmaDecay: Double?

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "Let update t keep at most (1 + t) / (10 + t) of the average, so that it follows the first ones. "
        + "(default: where the run makes fewer than 5 / (1 - decay) updates)"))
  package var modelEmaWarmup: Bool?

  @Option(help: help("Seeds weights, order, augmentation, mixing and drop path.", reference.seed, "n"))
  package var seed: UInt64?

  package init() {}

  func settle(_ settings: inout Settings) throws(RecipeError) {
    let name: String? = if let model { try ModelName.canonical(model) } else { nil }
    try settings.take(name, "--model", into: \.model.name, "model.name", "one of \(ModelName.all)") {
      (try? ModelName.canonical($0)) == $0
    }
    try settings.take(
      drop, "--drop", into: \.model.dropout, "model.dropout", "from 0 to below 1", where: isShare)
    try settings.take(
      dropPath, "--drop-path", into: \.model.dropPath, "model.dropPath", "from 0 to below 1", where: isShare)
    try settings.take(amp, "--amp", into: \.precision.level, "precision.level")
    try settings.take(ampDtype, "--amp-dtype", into: \.precision.dtype, "precision.dtype")
    try settings.take(
      gradientWire, "--gradient-wire", into: \.precision.gradientWire, "precision.gradientWire")
    try settings.take(
      modelEma, modelEma == true ? "--model-ema" : "--no-model-ema", into: \.ema.enabled, "ema.enabled")
    try settings.take(
      modelEmaDecay, "--model-ema-decay", into: \.ema.decay, "ema.decay", "from 0 to below 1", where: isShare)
    try settings.take(
      modelEmaWarmup.map(Optional.some),
      modelEmaWarmup == true ? "--model-ema-warmup" : "--no-model-ema-warmup", into: \.ema.warmup,
      "ema.warmup")
    try settings.take(seed, "--seed", into: \.seed, "seed")
  }
}
