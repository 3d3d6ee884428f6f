import ArgumentParser
import Recipe

/// Flags of the reference that have no effect here, accepted so that its command lines go on working.
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

  @Option(help: ArgumentHelp("The cosine runs once.", valueName: "n"))
  var cooldownEpochs: Int?

  @Option(help: ArgumentHelp("For step schedules.", valueName: "n"))
  var decayEpochs: Double?

  @Option(
    name: [.customLong("decay-rate"), .customLong("dr")],
    help: ArgumentHelp("For step schedules.", valueName: "rate"))
  var decayRate: Double?

  @Option(help: ArgumentHelp("For plateau schedules.", valueName: "n"))
  var patienceEpochs: Int?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Refused: the learning rate has no noise.", valueName: "part"))
  var lrNoise: [Double] = []

  @Option(help: ArgumentHelp("For --lr-noise.", valueName: "part"))
  var lrNoisePct: Double?

  @Option(help: ArgumentHelp("For --lr-noise.", valueName: "deviation"))
  var lrNoiseStd: Double?

  package init() {}

  func settle(_ settings: inout Settings) throws(RecipeError) {
    if !lrNoise.isEmpty {
      throw RecipeError(
        "--lr-noise: noise on the learning rate is left out, so this run would not be the reference's; "
          + "run without the flag")
    }
    settings.note("--dist-eval", isGiven: distEval)
    settings.note("--world-size", isGiven: worldSize != nil)
    settings.note("--dist-url", isGiven: distUrl != nil)
    settings.note(pinMem == true ? "--pin-mem" : "--no-pin-mem", isGiven: pinMem != nil)
    settings.note("--use-mcloader", isGiven: useMcloader)
    settings.note("--inat-category", isGiven: inatCategory != nil)
    settings.note("--resplit", isGiven: resplit)
    settings.note("--cooldown-epochs", isGiven: cooldownEpochs != nil)
    settings.note("--decay-epochs", isGiven: decayEpochs != nil)
    settings.note("--decay-rate", isGiven: decayRate != nil)
    settings.note("--patience-epochs", isGiven: patienceEpochs != nil)
    settings.note("--lr-noise-pct", isGiven: lrNoisePct != nil)
    settings.note("--lr-noise-std", isGiven: lrNoiseStd != nil)
  }
}
