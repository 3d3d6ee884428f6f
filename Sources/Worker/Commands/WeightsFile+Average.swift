import Checkpoint
import Recipe
import System

extension WeightsFile {
  /// Opens a file of weights for a command with or without `--use-ema`; says if there is an average that is
  /// not used.
  ///
  /// - Parameters:
  /// - average: Whether to use the average beside the weights; throws if there is none.
  /// - speaks: Whether this process prints the note.
  convenience init(path: String, average: Bool, speaks: Bool = true) throws {
    try self.init(path: path, takesAverage: average)
    if average, self.average == nil {
      throw Failure(
        "--use-ema: \(masked(path)) has no average of the weights, as .pth files have under 'state_dict_ema' or 'model_ema' "
          + "(a run with --model-ema writes its own to best_ema.safetensors and last_ema.safetensors). "
          + "Leave --use-ema out to take the weights that are in it.", exitStatus: .badConfiguration)
    }
    if speaks, let beside = self.average, beside != part {
      Console.warn(
        "note: \(masked(path)) has an average of the weights too, in '\(beside)': --use-ema takes that")
    }
  }
}
