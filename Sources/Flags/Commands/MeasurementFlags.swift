public import ArgumentParser
public import Recipe

/// The network that a measurement runs, and its settings.
public struct MeasurementFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Network, by the reference's name or timm's.", valueName: "name"))
  package var model = "alt_gvt_small"

  @Option(help: ArgumentHelp("O0: float32. O1: matrix products in bfloat16.", valueName: "level"))
  package var amp = AmpLevel.O0

  @Option(help: ArgumentHelp("fused or reference; see help train.", valueName: "kind"))
  package var kernels = Recipe.Precision.Kernels.fused

  @Option(help: ArgumentHelp("Batches to time, after two to warm up.", valueName: "n"))
  package var steps = 5

  @Option(help: ArgumentHelp("Side of the images.", valueName: "pixels"))
  package var inputSize = 224

  @OptionGroup package var place: DeviceFlags

  @Flag(help: "Print one JSON object.")
  package var json = false

  /// Makes flags as before parsing.
  public init() {}

  /// Rejects values out of range.
  public func validate() throws {
    do {
      try require(steps, "--steps", in: 1...1_000_000)
      try require(inputSize, "--input-size", in: inputSizes)
    } catch {
      throw ValidationError(error.description)
    }
  }

  /// The recipe of the network with this batch size, without the settings of images.
  public func recipe(batchSize: Int) throws(RecipeError) -> Recipe {
    var recipe = Recipe()
    recipe.model.name = try ModelName.canonical(model)
    recipe.data.inputSize = inputSize
    recipe.data.batchSize = batchSize
    recipe.data.erasing.probability = 0
    recipe.mixing.mixup = 0
    recipe.mixing.cutmix = 0
    recipe.precision.level = amp
    recipe.precision.kernels = kernels
    return recipe
  }

  /// These flags as command-line arguments.
  var arguments: [String] {
    [
      "--model", model, "--amp", amp.rawValue, "--kernels", kernels.rawValue, "--steps", "\(steps)",
      "--input-size", "\(inputSize)",
    ] + place.arguments + (json ? ["--json"] : [])
  }
}
