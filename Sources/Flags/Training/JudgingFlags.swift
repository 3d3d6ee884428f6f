package import ArgumentParser
package import Recipe

/// Flags of evaluation during training: when, by which figure, and early stopping.
package struct JudgingFlags: ParsableArguments {
  @Option(
    help: help(
      "What decides which weights are the best, and what --early-stop and --sched plateau wait for.",
      of: "--monitor", "figure"))
  package var monitor: Recipe.Judging.Monitor?

  @Option(
    help: ArgumentHelp(
      "End after this many evaluations in a row without a better --monitor.", valueName: "n"))
  package var earlyStop: Int?

  @Option(help: help("Epochs from one evaluation to the next.", of: "--eval-every", "n"))
  package var evalEvery: Int?

  @Option(
    help: ArgumentHelp(
      "Images that a worker evaluates at once. (default: one and a half --batch-size)", valueName: "n"))
  package var validationBatchSize: Int?

  @Flag(
    inversion: .prefixedNo,
    help: help("Evaluate each image and its mirror image, and take the mean of their logits.", of: "--tta"))
  package var tta: Bool?

  package init() {}

  static let rows: [FlagRow] = [
    FlagRow(
      "--monitor", \.judging.monitor, sets: \.judging.monitor, "judging.monitor", idle: [.unevaluated]),
    FlagRow(
      "--early-stop", \.judging.earlyStop, sets: \.judging.earlyStop, "judging.earlyStop",
      .orAbsent(.within(1...manyEpochs)), idle: [.stopBeyond]
    ) { $0 },
    FlagRow(
      "--eval-every", \.judging.evalEvery, sets: \.judging.interval, "judging.interval",
      .within(1...manyEpochs), idle: [.unevaluated, .lastAlone]),
    FlagRow(
      "--validation-batch-size", \.judging.validationBatchSize, sets: \.judging.batchSize,
      "judging.batchSize", .orAbsent(.within(batchSizes)), idle: [.unevaluated], evaluates: true
    ) { $0 },
    FlagRow(
      "--tta", \.judging.tta, sets: \.judging.mirrors, "judging.mirrors", idle: [.unevaluated],
      evaluates: true),
  ]
}
