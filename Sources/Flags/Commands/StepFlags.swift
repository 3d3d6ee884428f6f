public import ArgumentParser
public import Recipe

/// The flags of `bench step`, for one or several workers.
public struct StepFlags: ParsableArguments {
  @OptionGroup package var measurement: MeasurementFlags

  @Option(
    help: ArgumentHelp(
      "Images in a step of one worker. (default: 16 alone, 2 with several workers)", valueName: "n"))
  package var batchSize: Int?

  @Option(help: ArgumentHelp("Highest drop-path rate.", valueName: "rate"))
  package var dropPath = 0.2

  @Option(help: ArgumentHelp("What does not learn, as in a training.", valueName: "parts"))
  package var freeze = ""

  @Option(help: ArgumentHelp("Who adds up gradients on cards, as in a training.", valueName: "who"))
  package var sumBy: SumBy?

  @Flag(help: "Give a card each step operation by operation, and none recorded as a graph.")
  package var noGraph = false

  @Flag(help: "Compute each block again in backward, as in a training.")
  package var gradCheckpointing = false

  /// Makes flags as before parsing.
  public init() {}

  /// Rejects values out of range.
  public func validate() throws {
    do {
      try require(batchSize, "--batch-size", in: batchSizes)
    } catch {
      throw ValidationError(error.description)
    }
    guard freeze.isEmpty || Recipe.Frozen(freeze) != nil else {
      throw ValidationError("--freeze \(freeze): must be backbone, stages:N-M or names with commas")
    }
    guard (0..<1).contains(dropPath) else {
      throw ValidationError("--drop-path \(dropPath): must be from 0 to below 1")
    }
  }

  /// The recipe of the step.
  public func recipe(worldSize: Int) throws(RecipeError) -> Recipe {
    var recipe = try measurement.recipe(batchSize: batchSize ?? (worldSize > 1 ? 2 : 16))
    recipe.model.dropPath = dropPath
    recipe.tuning.frozen = freeze
    recipe.worldSize = worldSize
    return recipe
  }

  /// These flags as command-line arguments.
  package var arguments: [String] {
    measurement.arguments + (batchSize.map { ["--batch-size", "\($0)"] } ?? []) + [
      "--drop-path", "\(dropPath)",
    ] + (freeze.isEmpty ? [] : ["--freeze", freeze]) + (sumBy.map { ["--sum-by", $0.rawValue] } ?? [])
      + (noGraph ? ["--no-graph"] : [])
      + (gradCheckpointing ? ["--grad-checkpointing"] : [])
  }
}
