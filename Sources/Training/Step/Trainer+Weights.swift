public import Checkpoint
import Model

extension Trainer {
  /// Starts from the weights of a file; changes none unless every one fits.
  public func load(_ file: some NamedTensors) throws(WeightsMismatch) {
    try network.load(file)
    average?.restart()
  }

  /// Starts from the weights of a file that was trained on another task.
  ///
  /// - Returns: The keys that the file did not fill, as `Twins.loadForFinetuning` names them.
  public func loadForFinetuning(_ file: some NamedTensors) throws(WeightsMismatch) -> [String] {
    let fresh = try network.loadForFinetuning(file)
    average?.restart()
    return fresh
  }

  /// Starts from the average that a checkpoint has beside its weights; throws where there is none, or it does not fit.
  public func loadAverage(of checkpoint: StoredCheckpoint) throws {
    try load(try checkpoint.tensors(of: Self.averageFile))
  }
}
