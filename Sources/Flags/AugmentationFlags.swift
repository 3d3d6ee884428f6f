package import ArgumentParser
package import Recipe

/// How training images are changed at random.
package struct AugmentationFlags: ParsableArguments {
  @Flag(
    inversion: .prefixedNo,
    help: "Change training images at random; without, they get the evaluation transform. (default: --aug)")
  package var aug: Bool?

  @Option(
    parsing: .upToNextOption,
    help: help(
      "Least and most of an image's area that a random crop keeps.", reference.data.cropScale, "part"))
  package var scale: [Double] = []

  @Option(
    parsing: .upToNextOption,
    help: help("Narrowest and widest random crop, width over height.", "0.75 1.3333", "ratio"))
  package var ratio: [Double] = []

  @Option(help: help("How a random crop is scaled.", reference.data.interpolation.rawValue, "filter"))
  package var trainInterpolation: Recipe.Interpolation?

  @Option(help: help("Chance of a horizontal flip.", reference.data.flip, "chance"))
  package var hflip: Double?

  @Option(
    help: help(
      "RandAugment's policy in timm's words; none or '' for none.", reference.data.autoAugment, "policy"))
  package var aa: String?

  @Option(
    help: help(
      "Random brightness, contrast and saturation where there is no --aa.", reference.data.colorJitter,
      "strength"))
  package var colorJitter: Double?

  @Option(help: help("Chance of random erasing.", reference.data.erasing.probability, "chance"))
  package var reprob: Double?

  @Option(help: help("What takes the place of erased pixels.", reference.data.erasing.mode.rawValue, "mode"))
  package var remode: Recipe.Erasing.Mode?

  @Option(help: help("Most rectangles erased in an image.", reference.data.erasing.count, "n"))
  package var recount: Int?

  package init() {}

  func settle(_ settings: inout Settings) throws(RecipeError) {
    try settings.take(aug, aug == true ? "--aug" : "--no-aug", into: \.data.augments, "data.augments")
    try settings.take(
      given(scale), "--scale", into: \.data.cropScale, "data.cropScale",
      "two rising numbers above 0, at most 1"
    ) { isRising($0) && $0[1] <= 1 }
    try settings.take(
      given(ratio), "--ratio", into: \.data.cropRatio, "data.cropRatio",
      "two rising numbers above 0, at most 100"
    ) { isRising($0) && $0[1] <= 100 }
    try settings.take(
      trainInterpolation, "--train-interpolation", into: \.data.interpolation, "data.interpolation")
    try settings.take(
      hflip, "--hflip", into: \.data.flip, "data.flip", "from 0 to 1", where: isChance)
    try settings.take(
      aa == "none" ? "" : aa, "--aa", into: \.data.autoAugment, "data.autoAugment")
    try settings.take(
      colorJitter, "--color-jitter", into: \.data.colorJitter, "data.colorJitter", in: 0...100)
    try settleErasing(&settings)
  }

  private func settleErasing(_ settings: inout Settings) throws(RecipeError) {
    try settings.take(
      reprob, "--reprob", into: \.data.erasing.probability, "data.erasing.probability", "from 0 to 1",
      where: isChance)
    try settings.take(remode, "--remode", into: \.data.erasing.mode, "data.erasing.mode")
    try settings.take(
      recount, "--recount", into: \.data.erasing.count, "data.erasing.count", in: 1...1000)
  }
}

/// How images of a batch are mixed, and their targets smoothed.
package struct MixingFlags: ParsableArguments {
  @Option(help: help("Alpha of Mixup's Beta distribution; 0 for no Mixup.", reference.mixing.mixup, "alpha"))
  package var mixup: Double?

  @Option(
    help: help("Alpha of CutMix's Beta distribution; 0 for no CutMix.", reference.mixing.cutmix, "alpha"))
  package var cutmix: Double?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Smallest and largest side of CutMix's box, as parts of the image's; in the place of --cutmix.",
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
