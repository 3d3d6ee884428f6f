package import ArgumentParser
import Recipe

/// How long training runs, and how the learning rate moves.
package struct ScheduleFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Passes over the training pictures.", valueName: "n"))
  package var epochs = reference.schedule.epochs

  @Option(help: ArgumentHelp("End each epoch after this many steps.", valueName: "n"))
  package var maxStep: Int?

  @Option(
    help: ArgumentHelp(
      "Learning rate for 512 pictures a step; scaled by batch size × workers / 512.", valueName: "rate"))
  package var lr = reference.schedule.base

  @Flag(help: "Use --lr as it is given.")
  package var noLrScaling = false

  @Option(help: ArgumentHelp("Epochs of linear warm-up.", valueName: "n"))
  package var warmupEpochs = reference.schedule.warmupEpochs

  @Option(help: ArgumentHelp("Learning rate that the warm-up starts from; not scaled.", valueName: "rate"))
  package var warmupLr = reference.schedule.warmup

  @Option(help: ArgumentHelp("Learning rate that the cosine falls to; not scaled.", valueName: "rate"))
  package var minLr = reference.schedule.minimum

  package init() {}

  /// The recipe's part for steps of `pictures` pictures on all ranks; throws when a value is out of range.
  func schedule(pictures: Int) throws(RecipeError) -> Recipe.Schedule {
    try check()
    var schedule = Recipe.Schedule()
    schedule.epochs = epochs
    schedule.base = noLrScaling ? lr : lr * Double(pictures) / 512
    schedule.warmupEpochs = warmupEpochs
    schedule.warmup = warmupLr
    schedule.minimum = minLr
    schedule.stepLimit = maxStep
    return schedule
  }

  private func check() throws(RecipeError) {
    try require(epochs >= 1, "--epochs", epochs, "at least 1")
    if let maxStep { try require(maxStep >= 1, "--max-step", maxStep, "at least 1") }
    try require(lr > 0 && lr.isFinite, "--lr", lr, "above 0")
    try require(warmupEpochs >= 0, "--warmup-epochs", warmupEpochs, "at least 0")
    try require(warmupLr >= 0 && warmupLr.isFinite, "--warmup-lr", warmupLr, "at least 0")
    try require(minLr >= 0 && minLr.isFinite, "--min-lr", minLr, "at least 0")
  }

  /// Flags that differ from their defaults.
  var changed: [String] {
    Flags.changed([
      ("--epochs", epochs != reference.schedule.epochs), ("--max-step", maxStep != nil),
      ("--lr", lr != reference.schedule.base), ("--no-lr-scaling", noLrScaling),
      ("--warmup-epochs", warmupEpochs != reference.schedule.warmupEpochs),
      ("--warmup-lr", changesWarmup), ("--min-lr", minLr != reference.schedule.minimum),
    ])
  }

  /// Whether `--warmup-lr` differs from its default.
  var changesWarmup: Bool { warmupLr != reference.schedule.warmup }
}
