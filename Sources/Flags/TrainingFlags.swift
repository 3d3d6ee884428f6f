public import ArgumentParser
public import Recipe

/// The training flags, shared by both programs: the reference's names, meanings and defaults first.
///
/// A group of flags is a part of the recipe; what decides no number is in `run`.
public struct TrainingFlags: ParsableArguments {
  @OptionGroup(title: "Pictures") package var pictures: PictureFlags
  @OptionGroup(title: "Network") package var network: NetworkFlags
  @OptionGroup(title: "Schedule") package var schedule: ScheduleFlags
  @OptionGroup(title: "Optimizer and loss") package var optimizer: OptimizerFlags
  @OptionGroup(title: "Run") package var run: RunFlags

  /// Flags at their defaults, before parsing.
  public init() {}

  /// The folder the run writes to: `--output-dir`, or the model's name as in the reference.
  public var outputFolder: String { run.outputDir ?? "./\(network.model)" }

  /// The resolved recipe for a run of `worldSize` ranks.
  ///
  /// Throws a `RecipeError` that names the flag when a value is out of range.
  public func recipe(worldSize: Int) throws(RecipeError) -> Recipe {
    var recipe = Recipe()
    recipe.data = try pictures.pictures()
    recipe.model = try network.network()
    recipe.schedule = try schedule.schedule(pictures: pictures.batchSize * worldSize)
    recipe.optimizer = try optimizer.optimizer()
    recipe.smoothing = try optimizer.checkedSmoothing()
    recipe.precision = network.amp == .O1 ? .bfloat16 : .float32
    recipe.worldSize = worldSize
    recipe.seed = network.seed
    try run.check()
    return recipe
  }
}

/// The reference's recipe, where the flags' defaults come from.
let reference = Recipe()

/// Throws an error that names the flag and its value unless `holds`.
func require(
  _ holds: Bool, _ flag: String, _ value: some CustomStringConvertible, _ wanted: String
) throws(RecipeError) {
  if !holds { throw RecipeError("\(flag) \(value): must be \(wanted)") }
}

/// Throws an error that names the flag and its numbers unless `holds`.
func require(_ holds: Bool, _ flag: String, _ values: [Double], _ wanted: String) throws(RecipeError) {
  try require(holds, flag, values.map(\.description).joined(separator: " "), wanted)
}
