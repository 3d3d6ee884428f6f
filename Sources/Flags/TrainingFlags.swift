public import ArgumentParser
package import Output
public import Recipe

/// The training flags, shared by both programs: the reference's names, meanings and defaults first.
///
/// A flag that decides a number is nil unless it was given; its default is `Recipe()`'s value. What decides no number is
/// in `run`.
public struct TrainingFlags: ParsableArguments {
  @OptionGroup(title: "Pictures") package var pictures: PictureFlags
  @OptionGroup(title: "Augmentation") package var augmentation: AugmentationFlags
  @OptionGroup(title: "Mixing and loss") package var mixing: MixingFlags
  @OptionGroup(title: "Network") package var network: NetworkFlags
  @OptionGroup(title: "Schedule") package var schedule: ScheduleFlags
  @OptionGroup(title: "Optimizer") package var optimizer: OptimizerFlags
  @OptionGroup(title: "Run") package var run: RunFlags
  @OptionGroup(title: "Accepted for the reference's command lines, without effect") var idle: IdleFlags

  /// Flags as if none had been given, before parsing.
  public init() {}

  /// The folder the run writes to: `--output-dir`, that of the run that goes on, or the model's name as in the reference.
  public func outputFolder(over saved: SavedValues? = nil) -> String {
    // A file of values that cannot be read is `recipe`'s to report.
    let file = run.config.flatMap { try? RecipeFile(path: $0) }
    let filed = file.flatMap { $0.names.contains("model.name") ? $0.recipe.model.name : nil }
    let model = network.model ?? filed ?? saved?.laid(over: reference).model.name
    return run.outputDir ?? saved?.outputFolder ?? "./\(model ?? reference.model.name)"
  }

  /// The resolved recipe for a run of `worldSize` ranks, which goes on with saved values where there are some.
  ///
  /// Throws a `RecipeError` that names the flag, or the file and its value, when one is out of range.
  public func recipe(worldSize: Int, over saved: SavedValues? = nil) throws(RecipeError) -> Recipe {
    let settings = try settings(worldSize: worldSize, over: saved)
    if settings.recipe.data.path.isEmpty && !run.printConfig {
      throw RecipeError(
        "--data-path is missing: name the folder that holds train/CLASS/PICTURE and val/CLASS/PICTURE")
    }
    if !run.eval { try checkPairs(settings.recipe) }
    return settings.recipe
  }

  /// Mixing takes a picture's partner from the other end of its batch.
  private func checkPairs(_ recipe: Recipe) throws(RecipeError) {
    guard recipe.mixing.isOn, !recipe.data.batchSize.isMultiple(of: 2) else { return }
    throw RecipeError(
      "--batch-size \(recipe.data.batchSize): must be even, since --mixup and --cutmix mix pictures in pairs. "
        + "Or switch both off: --mixup 0 --cutmix 0")
  }

  /// Every value by its dotted name in `recipe.json`, and where it comes from: the default, a file or a flag.
  public func configuration(worldSize: Int, over saved: SavedValues? = nil) throws(RecipeError) -> String {
    let settings = try settings(worldSize: worldSize, over: saved)
    return settings.table + "\n\(settings.recipe.rateLine)\nDigest: \(settings.recipe.digest)"
  }

  /// The reference's values or a named recipe's, under saved ones, under a file's, under the flags'.
  package func settings(
    worldSize: Int, over saved: SavedValues? = nil
  ) throws(RecipeError) -> Settings {
    var settings = try Settings(run.recipe, over: saved, config: run.config)
    try settle(&settings)
    settings.derive(worldSize: worldSize)
    return settings
  }

  /// The dotted names of values by the flags that set them, without the dashes.
  static let valueNames: [String: String] = {
    do {
      var settings = try Settings(nil, config: nil)
      try TrainingFlags.parse([]).settle(&settings)
      return settings.names
    } catch {
      preconditionFailure("the reference's values are in range: \(error)")
    }
  }()

  /// What the flags are about that set values: `aug` for `--no-aug` too.
  package static var valueSubjects: Set<String> {
    Set(valueNames.keys.map { $0.hasPrefix("no-") ? String($0.dropFirst(3)) : $0 })
  }

  private func settle(_ settings: inout Settings) throws(RecipeError) {
    try pictures.settle(&settings)
    try augmentation.settle(&settings)
    try mixing.settle(&settings)
    try network.settle(&settings)
    try schedule.settle(&settings)
    try optimizer.settle(&settings)
    try idle.settle(&settings)
    try run.settle(&settings)
  }
}

/// The reference's recipe, where the flags' defaults come from.
let reference = Recipe()

extension TrainingFlags {
  /// How the run means to begin in its output folder.
  package var beginning: Beginning {
    Beginning(
      overwrites: run.overwrite, resume: run.resume, finetune: run.finetune, config: run.config)
  }
}

/// What `--help` says of a flag whose default is the reference's.
///
/// The flag itself is nil unless it was given: flags win over a file of values, also where they repeat a default.
func help(_ text: String, _ standard: some CustomStringConvertible, _ valueName: String? = nil)
  -> ArgumentHelp
{
  ArgumentHelp("\(text) (default: \(standard))", valueName: valueName)
}

func help(_ text: String, _ standard: [Double], _ valueName: String) -> ArgumentHelp {
  help(text, standard.map(\.description).joined(separator: " "), valueName)
}
