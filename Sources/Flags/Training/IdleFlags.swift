import ArgumentParser
import Recipe

/// Flags of the reference without effect here, accepted so that its command lines work.
package struct IdleFlags: ParsableArguments {
  @Flag(help: "Evaluation is always spread over the workers, and counts each image once.")
  var distEval = false

  @Option(help: ArgumentHelp("The launcher's --nproc says how many workers there are.", valueName: "n"))
  var worldSize: Int?

  @Option(help: ArgumentHelp("The launcher brings the workers together.", valueName: "url"))
  var distUrl: String?

  @Flag(inversion: .prefixedNo, help: "Images are handed to the device from memory that is not pinned.")
  var pinMem: Bool?

  @Flag(help: "Images are read from --data-path.")
  var useMcloader = false

  @Option(help: ArgumentHelp("For --data-set INAT.", valueName: "name"))
  var inatCategory: String?

  @Flag(help: "Batches have no augmentation splits.")
  var resplit = false

  @Option(help: ArgumentHelp("The run ends with its schedule.", valueName: "n"))
  var cooldownEpochs: Int?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Refused: the learning rate has no noise.", valueName: "part"))
  var lrNoise: [Double] = []

  @Option(help: ArgumentHelp("For --lr-noise.", valueName: "part"))
  var lrNoisePct: Double?

  @Option(help: ArgumentHelp("For --lr-noise.", valueName: "deviation"))
  var lrNoiseStd: Double?

  package init() {}

  static let rows: [FlagRow] = [
    FlagRow("--lr-noise", \.idle.lrNoise.given) { _ in
      RecipeError(
        "--lr-noise: noise on the learning rate is left out, so this run would not be the reference's; "
          + "run without the flag")
    },
    FlagRow("--dist-eval", \.idle.distEval.given, idle: [.spreadAnyway]),
    FlagRow("--world-size", \.idle.worldSize, idle: [.countedByLauncher]),
    FlagRow("--dist-url", \.idle.distUrl, idle: [.broughtTogether]),
    FlagRow("--pin-mem", \.idle.pinMem, idle: [.unpinned]),
    FlagRow("--use-mcloader", \.idle.useMcloader.given, idle: [.readFromFolder]),
    FlagRow("--inat-category", \.idle.inatCategory, idle: [.otherDataSet]),
    FlagRow("--resplit", \.idle.resplit.given, idle: [.unsplit]),
    FlagRow("--cooldown-epochs", \.idle.cooldownEpochs, idle: [.noCooldown]),
    FlagRow("--lr-noise-pct", \.idle.lrNoisePct, idle: [.noNoise]),
    FlagRow("--lr-noise-std", \.idle.lrNoiseStd, idle: [.noNoise]),
  ]
}
