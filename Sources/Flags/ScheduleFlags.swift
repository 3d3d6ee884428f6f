package import ArgumentParser
import Recipe

/// How long training runs, and how the learning rate moves.
package struct ScheduleFlags: ParsableArguments {
  @Option(
    help: help("Shape of the learning rate's curve; cosine is the one there is.", of: "--sched", "shape"))
  package var sched: String?

  @Option(help: help("Passes over the training images.", of: "--epochs", "n"))
  package var epochs: Int?

  @Option(help: help("First epoch, counted from 0, of a run without a checkpoint.", of: "--start-epoch", "n"))
  package var startEpoch: Int?

  @Option(help: ArgumentHelp("End each epoch after this many steps.", valueName: "n"))
  package var maxStep: Int?

  @Option(
    help: help(
      "Learning rate for 512 images an update; scaled by batch size × workers / 512.",
      of: "--lr", "rate"))
  package var lr: Double?

  @Flag(inversion: .prefixedNo, help: help("Scale --lr, or use it as it is given.", of: "--lr-scaling"))
  package var lrScaling: Bool?

  @Option(help: help("Epochs of linear warm-up.", of: "--warmup-epochs", "n"))
  package var warmupEpochs: Int?

  @Option(help: help("Learning rate that the warm-up starts from; not scaled.", of: "--warmup-lr", "rate"))
  package var warmupLr: Double?

  @Option(help: help("Learning rate that the cosine falls to; not scaled.", of: "--min-lr", "rate"))
  package var minLr: Double?

  package init() {}

  static let rows: [FlagRow] = [
    FlagRow("--sched", \.schedule.sched, sets: \.schedule.kind, "schedule.kind", reading: kind),
    FlagRow(
      "--epochs", \.schedule.epochs, sets: \.schedule.epochs, "schedule.epochs", .within(1...manyEpochs)),
    FlagRow(
      "--start-epoch", \.schedule.startEpoch, sets: \.schedule.startEpoch, "schedule.startEpoch",
      .within(0...manyEpochs), idle: [.epochOfCheckpoint]),
    FlagRow(
      "--max-step", \.schedule.maxStep, sets: \.schedule.stepLimit, "schedule.stepLimit",
      .orAbsent(.within(1...manySteps))
    ) { $0 },
    FlagRow("--lr", \.schedule.lr, sets: \.schedule.rate, "schedule.rate", .positive(upTo: largestFloat)),
    FlagRow("--lr-scaling", \.schedule.lrScaling, sets: \.schedule.scalesRate, "schedule.scalesRate"),
    FlagRow(
      "--warmup-lr", \.schedule.warmupLr, sets: \.schedule.warmup, "schedule.warmup",
      .within(0...largestFloat), idle: [.noWarmup]),
    FlagRow(
      "--min-lr", \.schedule.minLr, sets: \.schedule.minimum, "schedule.minimum", .within(0...largestFloat)),
    FlagRow(
      "--warmup-epochs", \.schedule.warmupEpochs, sets: \.schedule.warmupEpochs, "schedule.warmupEpochs",
      .within(0...manyEpochs)),
  ]

  private static func kind(_ word: String) throws(RecipeError) -> Recipe.Schedule.Kind {
    guard let kind = Recipe.Schedule.Kind(rawValue: word) else {
      throw RecipeError(
        "--sched \(word): must be cosine, the reference's; the other schedules of timm are left out")
    }
    return kind
  }
}
