package import ArgumentParser
package import Recipe

/// How pictures of a batch are mixed, and their targets smoothed.
package struct MixingFlags: ParsableArguments {
  @Option(help: help("Alpha of Mixup's Beta distribution; 0 for no Mixup.", reference.mixing.mixup, "alpha"))
  package var mixup: Double?

  @Option(
    help: help("Alpha of CutMix's Beta distribution; 0 for no CutMix.", reference.mixing.cutmix, "alpha"))
  package var cutmix: Double?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Smallest and largest side of CutMix's box, as parts of the picture's; in the place of --cutmix.",
      valueName: "part"))
  package var cutmixMinmax: [Double] = []

  @Option(help: help("Chance that a batch is mixed.", reference.mixing.probability, "chance"))
  package var mixupProb: Double?

  @Option(
    help: help("Chance of CutMix where Mixup is on too.", reference.mixing.switchProbability, "chance"))
  package var mixupSwitchProb: Double?

  @Option(help: help("What shares one draw.", reference.mixing.mode.rawValue, "mode"))
  package var mixupMode: Recipe.Mixing.Mode?

  @Option(help: help("Share of a target that is spread over all classes.", reference.smoothing, "share"))
  package var smoothing: Double?

  package init() {}

  func settle(_ settings: inout Settings) throws(RecipeError) {
    try settings.take(
      mixup, "--mixup", into: \.mixing.mixup, "mixing.mixup", in: 0...1000)
    try settings.take(
      cutmix, "--cutmix", into: \.mixing.cutmix, "mixing.cutmix", in: 0...1000)
    try settings.take(
      given(cutmixMinmax).map(Optional.some), "--cutmix-minmax", into: \.mixing.cutmixMinMax,
      "mixing.cutmixMinMax",
      "two rising numbers above 0, at most 1"
    ) { $0.map { isRising($0) && $0[1] <= 1 } ?? true }
    try settings.take(
      mixupProb, "--mixup-prob", into: \.mixing.probability, "mixing.probability", "from 0 to 1",
      where: isChance)
    try settings.take(
      mixupSwitchProb, "--mixup-switch-prob", into: \.mixing.switchProbability, "mixing.switchProbability",
      "from 0 to 1", where: isChance)
    try settings.take(mixupMode, "--mixup-mode", into: \.mixing.mode, "mixing.mode")
    try settings.take(
      smoothing, "--smoothing", into: \.smoothing, "smoothing", "from 0 to below 1", where: isShare)
  }
}
