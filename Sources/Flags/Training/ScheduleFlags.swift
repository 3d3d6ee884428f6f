package import ArgumentParser
import Recipe

/// Flags of the training's length and the learning rate schedule.
package struct ScheduleFlags: ParsableArguments {
  @Option(
    help: help(
      "Shape of the learning rate's curve: cosine, tanh, step, multistep, plateau, poly or onecycle.",
      of: "--sched", "shape"))
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

  @Option(help: help("Learning rate that the curve falls to; not scaled.", of: "--min-lr", "rate"))
  package var minLr: Double?

  @Flag(
    inversion: .prefixedNo,
    help: help("Move the rate with each update, and not with each epoch.", of: "--sched-on-updates"))
  package var schedOnUpdates: Bool?

  @Option(help: help("Cycles of the curve that share the epochs.", of: "--lr-cycle-limit", "n"))
  package var lrCycleLimit: Int?

  @Option(
    help: help("How many times as long as the cycle before it a cycle is.", of: "--lr-cycle-mul", "factor"))
  package var lrCycleMul: Double?

  @Option(
    help: help(
      "What a cycle's highest rate is of that of the one before it.", of: "--lr-cycle-decay", "factor"))
  package var lrCycleDecay: Double?

  @Option(help: help("Epochs from one step of --sched step to the next.", of: "--decay-epochs", "n"))
  package var decayEpochs: Double?

  @Option(
    parsing: .upToNextOption,
    help: help("Epochs at which --sched multistep falls.", of: "--decay-milestones", "n"))
  package var decayMilestones: [Int] = []

  @Option(
    name: [.customLong("decay-rate"), .customLong("dr")],
    help: help(
      "What a step or a plateau multiplies the rate by; the power of --sched poly.", of: "--decay-rate",
      "factor"))
  package var decayRate: Double?

  @Option(
    help: help(
      "Evaluations without a better --monitor that --sched plateau waits for.", of: "--patience-epochs", "n"))
  package var patienceEpochs: Int?

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
      "--min-lr", \.schedule.minLr, sets: \.schedule.minimum, "schedule.minimum", .within(0...largestFloat),
      idle: [.noFloor]),
    FlagRow(
      "--warmup-epochs", \.schedule.warmupEpochs, sets: \.schedule.warmupEpochs, "schedule.warmupEpochs",
      .within(0...manyEpochs)),
    FlagRow(
      "--sched-on-updates", \.schedule.schedOnUpdates, sets: \.schedule.onUpdates, "schedule.onUpdates",
      idle: [.fixedTicks]),
    FlagRow(
      "--lr-cycle-limit", \.schedule.lrCycleLimit, sets: \.schedule.cycleLimit, "schedule.cycleLimit",
      .within(1...100), idle: [.noCycles]),
    FlagRow(
      "--lr-cycle-mul", \.schedule.lrCycleMul, sets: \.schedule.cycleMultiplier, "schedule.cycleMultiplier",
      .within(0.1...10), idle: [.noCycles, .oneCycle]),
    FlagRow(
      "--lr-cycle-decay", \.schedule.lrCycleDecay, sets: \.schedule.cycleDecay, "schedule.cycleDecay",
      .within(0...1), idle: [.noCycles, .oneCycle]),
    FlagRow(
      "--decay-epochs", \.schedule.decayEpochs, sets: \.schedule.decayEpochs, "schedule.decayEpochs",
      .positive(upTo: Double(manyEpochs)), idle: [.noSteps, .stepsBeyond]),
    FlagRow(
      "--decay-milestones", \.schedule.decayMilestones.given, sets: \.schedule.milestones,
      "schedule.milestones", .epochs, idle: [.noMilestones, .milestonesBeyond]),
    FlagRow(
      "--decay-rate", \.schedule.decayRate, sets: \.schedule.decayRate, "schedule.decayRate",
      .positive(upTo: 10), idle: [.noDecay]),
    FlagRow(
      "--patience-epochs", \.schedule.patienceEpochs, sets: \.schedule.patience, "schedule.patience",
      .within(0...manyEpochs), idle: [.noPlateau, .patienceBeyond]),
  ]

  private static func kind(_ word: String) throws(RecipeError) -> Recipe.Schedule.Kind {
    guard let kind = Recipe.Schedule.Kind(rawValue: word) else {
      let all = Recipe.Schedule.Kind.allCases.map(\.rawValue)
      throw RecipeError("--sched \(word): must be one of \(all.joined(separator: ", "))")
    }
    return kind
  }
}
