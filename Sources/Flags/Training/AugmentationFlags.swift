package import ArgumentParser
package import Recipe

/// Flags of random augmentation.
package struct AugmentationFlags: ParsableArguments {
  @Flag(
    inversion: .prefixedNo,
    help: help("Change training images at random; without, they get the evaluation transform.", of: "--aug"))
  package var aug: Bool?

  @Option(
    parsing: .upToNextOption,
    help: help("Least and most of an image's area that a random crop keeps.", of: "--scale", "part"))
  package var scale: [Double] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Narrowest and widest random crop, width over height. (default: 0.75 1.3333)", valueName: "ratio"))
  package var ratio: [Double] = []

  @Option(help: help("How a random crop is scaled.", of: "--train-interpolation", "filter"))
  package var trainInterpolation: Recipe.Interpolation?

  @Flag(
    inversion: .prefixedNo,
    help: help(
      "Decode a JPEG at half, a quarter or an eighth of its size where the crop is that much larger than the view.",
      of: "--fast-decode"))
  package var fastDecode: Bool?

  @Option(help: help("Chance of a horizontal flip.", of: "--hflip", "chance"))
  package var hflip: Double?

  @Option(help: help("Chance of a vertical flip.", of: "--vflip", "chance"))
  package var vflip: Double?

  @Option(
    help: help("RandAugment's policy in timm's words; none or '' for none.", of: "--aa", "policy"))
  package var aa: String?

  @Option(
    help: help(
      "Random brightness, contrast and saturation where there is no --aa.", of: "--color-jitter",
      "strength"))
  package var colorJitter: Double?

  @Option(help: help("Chance of random erasing.", of: "--reprob", "chance"))
  package var reprob: Double?

  @Option(help: help("What takes the place of erased pixels.", of: "--remode", "mode"))
  package var remode: Recipe.Erasing.Mode?

  @Option(help: help("Most rectangles erased in an image.", of: "--recount", "n"))
  package var recount: Int?

  package init() {}

  static let rows: [FlagRow] = [
    FlagRow("--aug", \.augmentation.aug, sets: \.data.augments, "data.augments"),
    FlagRow(
      "--scale", \.augmentation.scale.given, sets: \.data.cropScale, "data.cropScale", .rising(upTo: 1),
      idle: [.unaugmented]),
    FlagRow(
      "--ratio", \.augmentation.ratio.given, sets: \.data.cropRatio, "data.cropRatio", .rising(upTo: 100),
      idle: [.unaugmented]),
    FlagRow(
      "--train-interpolation", \.augmentation.trainInterpolation, sets: \.data.interpolation,
      "data.interpolation", idle: [.unaugmented]),
    FlagRow(
      "--fast-decode", \.augmentation.fastDecode, sets: \.data.decodesFast, "data.decodesFast",
      idle: [.unaugmented]),
    FlagRow("--hflip", \.augmentation.hflip, sets: \.data.flip, "data.flip", .chance, idle: [.unaugmented]),
    FlagRow(
      "--vflip", \.augmentation.vflip, sets: \.data.verticalFlip, "data.verticalFlip", .chance,
      idle: [.unaugmented]),
    FlagRow(
      "--aa", \.augmentation.aa, sets: \.data.autoAugment, "data.autoAugment", idle: [.unaugmented]
    ) { $0 == "none" ? "" : $0 },
    FlagRow(
      "--color-jitter", \.augmentation.colorJitter, sets: \.data.colorJitter, "data.colorJitter",
      .within(0...100), idle: [.unaugmented, .policy]),
    FlagRow(
      "--reprob", \.augmentation.reprob, sets: \.data.erasing.probability, "data.erasing.probability",
      .chance, idle: [.unaugmented]),
    FlagRow(
      "--remode", \.augmentation.remode, sets: \.data.erasing.mode, "data.erasing.mode",
      idle: [.unaugmented, .nothingErased]),
    FlagRow(
      "--recount", \.augmentation.recount, sets: \.data.erasing.count, "data.erasing.count",
      .within(1...1000), idle: [.unaugmented, .nothingErased]),
  ]
}
