package import ArgumentParser
import Recipe

/// Flags of fine-tuning: which parts of a pretrained network learn, and how fast.
package struct TuningFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What does not learn: backbone (all but the head), stages:0-2, or names with commas, as in patch_embeds,blocks.0.",
      valueName: "parts"))
  package var freeze: String?

  @Option(help: ArgumentHelp("Epoch from which on what --freeze names does learn.", valueName: "epoch"))
  package var unfreezeAt: Int?

  @Option(
    help: help(
      "What a layer's learning rate is of that of the layer after it.", of: "--layer-decay", "factor"))
  package var layerDecay: Double?

  @Option(
    help: ArgumentHelp("The head's learning rate, given as --lr is. (default: --lr)", valueName: "rate"))
  package var headLr: Double?

  package init() {}

  static let rows: [FlagRow] = [
    FlagRow(
      "--freeze", \.tuning.freeze, sets: \.tuning.frozen, "tuning.frozen",
      Bounds("backbone, stages:N-M or names with commas") { $0.isEmpty || Recipe.Frozen($0) != nil }),
    FlagRow(
      "--unfreeze-at", \.tuning.unfreezeAt, sets: \.tuning.unfreezeEpoch, "tuning.unfreezeEpoch",
      .orAbsent(.within(1...manyEpochs)), idle: [.nothingFrozen, .frozenToTheEnd]
    ) { $0 },
    FlagRow(
      "--layer-decay", \.tuning.layerDecay, sets: \.tuning.layerDecay, "tuning.layerDecay",
      .positive(upTo: 1), idle: [.headAlone]),
    FlagRow(
      "--head-lr", \.tuning.headLr, sets: \.tuning.headRate, "tuning.headRate",
      .orAbsent(.positive(upTo: largestFloat))
    ) { $0 },
  ]
}
