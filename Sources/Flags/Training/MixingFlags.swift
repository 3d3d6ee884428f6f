package import ArgumentParser
package import Recipe
import System

/// Flags of mixing images, and of label smoothing.
package struct MixingFlags: ParsableArguments {
  @Option(help: help("Alpha of Mixup's Beta distribution; 0 for no Mixup.", of: "--mixup", "alpha"))
  package var mixup: Double?

  @Option(help: help("Alpha of CutMix's Beta distribution; 0 for no CutMix.", of: "--cutmix", "alpha"))
  package var cutmix: Double?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Smallest and largest side of CutMix's box, as parts of the image's; in the place of --cutmix.",
      valueName: "part"))
  package var cutmixMinmax: [Double] = []

  @Option(help: help("Chance that a batch is mixed.", of: "--mixup-prob", "chance"))
  package var mixupProb: Double?

  @Option(help: help("Chance of CutMix where Mixup is on too.", of: "--mixup-switch-prob", "chance"))
  package var mixupSwitchProb: Double?

  @Option(help: help("What shares one draw.", of: "--mixup-mode", "mode"))
  package var mixupMode: Recipe.Mixing.Mode?

  @Option(help: help("Share of a target that is spread over all classes.", of: "--smoothing", "share"))
  package var smoothing: Double?

  @Option(help: ArgumentHelp("Epoch from which on no image is mixed.", valueName: "epoch"))
  package var mixupOffEpoch: Int?

  @Option(
    help: help(
      "What is learnt by: cross-entropy, bce (each class for itself) or focal loss.", of: "--loss", "kind"))
  package var loss: Recipe.Loss.Kind?

  @Option(
    help: help("How much less --loss focal counts what is nearly right.", of: "--focal-gamma", "power"))
  package var focalGamma: Double?

  @Option(
    help: ArgumentHelp(
      "What images of a class count: balanced, so that all classes do alike, or a file of lines CLASS WEIGHT (* is all others).",
      valueName: "balanced|file"), transform: withHomeFolder)
  package var classWeights: String?

  package init() {}

  static let rows: [FlagRow] = [
    FlagRow(
      "--mixup", \.mixing.mixup, sets: \.mixing.mixup, "mixing.mixup", .within(0...1000),
      idle: [.neverMixed]),
    FlagRow(
      "--cutmix", \.mixing.cutmix, sets: \.mixing.cutmix, "mixing.cutmix", .within(0...1000),
      idle: [.neverMixed, .boxSides]),
    FlagRow(
      "--cutmix-minmax", \.mixing.cutmixMinmax.given, sets: \.mixing.cutmixMinMax, "mixing.cutmixMinMax",
      .orAbsent(.rising(upTo: 1)), idle: [.neverMixed]
    ) { $0 },
    FlagRow(
      "--mixup-prob", \.mixing.mixupProb, sets: \.mixing.probability, "mixing.probability", .chance,
      idle: [.mixingOff]),
    FlagRow(
      "--mixup-switch-prob", \.mixing.mixupSwitchProb, sets: \.mixing.switchProbability,
      "mixing.switchProbability", .chance, idle: [.mixingOff, .neverMixed, .oneMixing]),
    FlagRow(
      "--mixup-mode", \.mixing.mixupMode, sets: \.mixing.mode, "mixing.mode", idle: [.mixingOff, .neverMixed]),
    FlagRow(
      "--mixup-off-epoch", \.mixing.mixupOffEpoch, sets: \.mixing.offEpoch, "mixing.offEpoch",
      .orAbsent(.within(1...manyEpochs)), idle: [.mixingOff, .neverMixed, .mixesToTheEnd]
    ) { $0 },
    FlagRow("--loss", \.mixing.loss, sets: \.loss.kind, "loss.kind"),
    FlagRow(
      "--focal-gamma", \.mixing.focalGamma, sets: \.loss.gamma, "loss.gamma", .within(0...100),
      idle: [.notFocal]),
    FlagRow("--class-weights", \.mixing.classWeights, sets: \.loss.classWeights, "loss.classWeights"),
    FlagRow("--smoothing", \.mixing.smoothing, sets: \.smoothing, "smoothing", .share),
  ]
}
