public import ArgumentParser
package import Recipe

/// The training flags, shared by both programs: the reference's names, meanings and defaults first.
///
/// A flag that affects results is nil unless it was given; its default is `Recipe()`'s value. Flags that
/// affect no result are in `run`.
public struct TrainingFlags: ParsableArguments {
  @OptionGroup(title: "Images") package var images: ImageFlags
  @OptionGroup(title: "Augmentation") package var augmentation: AugmentationFlags
  @OptionGroup(title: "Mixing and loss") package var mixing: MixingFlags
  @OptionGroup(title: "Network") package var network: NetworkFlags
  @OptionGroup(title: "Schedule") package var schedule: ScheduleFlags
  @OptionGroup(title: "Optimizer") package var optimizer: OptimizerFlags
  @OptionGroup(title: "Fine-tuning") package var tuning: TuningFlags
  @OptionGroup(title: "Distillation") package var distillation: DistillationFlags
  @OptionGroup(title: "Evaluation") package var judging: JudgingFlags
  @OptionGroup(title: "Run") package var run: RunFlags
  @OptionGroup(title: "Accepted for the reference's command lines, without effect") var idle: IdleFlags

  /// Makes flags as before parsing.
  public init() {}

  /// The request of the command line and its `--config`.
  ///
  /// Throws a `RecipeError` that names the flag, or the file and its value, if one is out of range.
  package func request() throws(RecipeError) -> RunRequest {
    do throws(RecipeError) {
      var settings = try Settings(run.recipe, config: run.config)
      try settings.lay(self)
      try run.check()
      return RunRequest(run.settings, settings, model: network.model)
    } catch {
      // A missing flag may have been meant to come from a `--resume` that does not exist, which is reported
      // first.
      try run.settings.requireResume()
      throw error
    }
  }

  /// The settings of flags that set values: `aug` for `--no-aug` too.
  package static var valueSubjects: Set<String> {
    Set(FlagRow.all.filter { $0.value != nil }.map { String($0.names[0].dropFirst(2)) })
  }
}

/// The reference's recipe, which provides the flags' defaults.
let reference = Recipe()

/// The help text of a flag whose default is the reference's.
///
/// The flag itself is nil unless it was given: flags override a file of values, even if they repeat a
/// default.
func help(_ text: String, of flag: String, _ valueName: String? = nil) -> ArgumentHelp {
  ArgumentHelp("\(text) (default: \(FlagRow.standard(of: flag)))", valueName: valueName)
}
