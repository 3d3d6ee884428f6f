package import ArgumentParser
package import Recipe

/// Flags of the network, its regularisation, precision and seed.
package struct NetworkFlags: ParsableArguments {
  @Option(help: help("Network, by the reference's name or timm's.", of: "--model", "name"))
  package var model: String?

  @Option(
    help: help("Chance that an output of a projection or an MLP is dropped.", of: "--drop", "rate"))
  package var drop: Double?

  @Option(help: help("Highest drop-path rate; it rises from 0 over the blocks.", of: "--drop-path", "rate"))
  package var dropPath: Double?

  @Option(
    help: help(
      "O0: float32. O1: matrix products and convolutions in 16 bits, the rest in float32.", of: "--amp",
      "level"))
  package var amp: AmpLevel?

  @Option(help: help("The 16 bits of --amp O1.", of: "--amp-dtype", "type"))
  package var ampDtype: Recipe.Precision.ElementType?

  @Option(
    help: help(
      "What gradients are rounded to on their way over ipc or tcp, or to other hosts; bfloat16 and float16 halve the bytes.",
      of: "--gradient-wire", "type"))
  package var gradientWire: Recipe.Precision.GradientType?

  @Option(
    help: ArgumentHelp(
      "Workers whose gradients are added up before the groups' sums are: the sums of so many workers a host, on one host and in "
        + "shared memory. On several hosts it is the workers of a host. (default: all)", valueName: "n"))
  package var sumGroup: Int?

  @Option(
    help: help(
      "fused: each half of a block as one operation of our own, on x86 CPUs with AVX2, without --drop and float16, and in "
        + "bfloat16 where the CPU has no AMX. reference: every operation by libtorch.", of: "--kernels",
      "kind"))
  package var kernels: Recipe.Precision.Kernels?

  @Flag(
    inversion: .prefixedNo,
    help: help(
      "Keep a moving average of the weights (EMA) too; it is evaluated and written beside them.",
      of: "--model-ema"))
  package var modelEma: Bool?

  @Option(help: help("The part of the average that a step keeps.", of: "--model-ema-decay", "decay"))
  package var modelEmaDecay: Double?

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "Let update t keep at most (1 + t) / (10 + t) of the average, so that it follows the first ones. "
        + "(default: where the run makes fewer than 5 / (1 - decay) updates)"))
  package var modelEmaWarmup: Bool?

  @Option(help: help("Seeds weights, order, augmentation, mixing and drop path.", of: "--seed", "n"))
  package var seed: UInt64?

  package init() {}

  static let rows: [FlagRow] = [
    FlagRow(
      "--model", \.network.model, sets: \.model.name, "model.name",
      Bounds("one of \(ModelName.all)") { (try? ModelName.canonical($0)) == $0 }, evaluates: true,
      reading: ModelName.canonical),
    FlagRow("--drop", \.network.drop, sets: \.model.dropout, "model.dropout", .share),
    FlagRow("--drop-path", \.network.dropPath, sets: \.model.dropPath, "model.dropPath", .share),
    FlagRow("--amp", \.network.amp, sets: \.precision.level, "precision.level", evaluates: true),
    FlagRow(
      "--amp-dtype", \.network.ampDtype, sets: \.precision.dtype, "precision.dtype", idle: [.float32],
      evaluates: true),
    FlagRow(
      "--gradient-wire", \.network.gradientWire, sets: \.precision.gradientWire, "precision.gradientWire",
      idle: [.alone, .sharedMemory]),
    FlagRow(
      "--sum-group", \.network.sumGroup, sets: \.precision.sumGroup, "precision.sumGroup",
      .orAbsent(.within(1...65_535)), idle: [.alone]
    ) { $0 },
    FlagRow("--kernels", \.network.kernels, sets: \.precision.kernels, "precision.kernels", evaluates: true),
    FlagRow("--model-ema", \.network.modelEma, sets: \.ema.enabled, "ema.enabled"),
    FlagRow(
      "--model-ema-decay", \.network.modelEmaDecay, sets: \.ema.decay, "ema.decay", .share,
      idle: [.noAverage]),
    FlagRow(
      "--model-ema-warmup", \.network.modelEmaWarmup, sets: \.ema.warmup, "ema.warmup", idle: [.noAverage]
    ) { $0 },
    FlagRow("--seed", \.network.seed, sets: \.seed, "seed", evaluates: true),
  ]
}
