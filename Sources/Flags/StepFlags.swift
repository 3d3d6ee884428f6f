public import ArgumentParser
public import Recipe

/// The training step that `bench step` times, alone and with several workers.
public struct StepFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Network, by the reference's name or timm's.", valueName: "name"))
  package var model = "alt_gvt_small"

  @Option(
    help: ArgumentHelp(
      "Images in a step of one worker. (default: 16 alone, 2 with several workers)", valueName: "n"))
  package var batchSize: Int?

  @Option(help: ArgumentHelp("O0: float32. O1: matrix products in bfloat16.", valueName: "level"))
  package var amp = AmpLevel.O0

  @Option(help: ArgumentHelp("fused or reference; see help train.", valueName: "kind"))
  package var kernels = Recipe.Precision.Kernels.fused

  @Option(help: ArgumentHelp("Steps to time, after two to warm up.", valueName: "n"))
  package var steps = 5

  @Option(help: ArgumentHelp("Highest drop-path rate.", valueName: "rate"))
  package var dropPath = 0.2

  @Option(help: ArgumentHelp("Side of the images.", valueName: "pixels"))
  package var inputSize = 224

  @Flag(help: "Print one JSON object.")
  package var json = false

  /// Flags as if none had been given, before parsing.
  public init() {}

  /// Refuses values out of range.
  public func validate() throws {
    do {
      try require(batchSize, "--batch-size", in: 1...65_536)
      try require(steps, "--steps", in: 1...1_000_000)
      try require(inputSize, "--input-size", in: inputSizes)
    } catch {
      throw ValidationError(error.description)
    }
    guard (0..<1).contains(dropPath) else {
      throw ValidationError("--drop-path \(dropPath): must be from 0 to below 1")
    }
  }

  /// The recipe of the step: the network's, without what depends on images.
  public func recipe(worldSize: Int) throws(RecipeError) -> Recipe {
    var recipe = Recipe()
    recipe.model.name = try ModelName.canonical(model)
    recipe.model.dropPath = dropPath
    recipe.data.inputSize = inputSize
    recipe.data.batchSize = batchSize ?? (worldSize > 1 ? 2 : 16)
    recipe.data.erasing.probability = 0
    recipe.mixing.mixup = 0
    recipe.mixing.cutmix = 0
    recipe.precision.level = amp
    recipe.precision.kernels = kernels
    recipe.worldSize = worldSize
    return recipe
  }

  /// These flags as a command line has them.
  package var arguments: [String] {
    ["--model", model] + (batchSize.map { ["--batch-size", "\($0)"] } ?? [])
      + [
        "--amp", amp.rawValue, "--kernels", kernels.rawValue, "--steps", "\(steps)", "--drop-path",
        "\(dropPath)",
      ]
      + ["--input-size", "\(inputSize)"] + (json ? ["--json"] : [])
  }
}
