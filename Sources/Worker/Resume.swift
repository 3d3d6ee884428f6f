import Checkpoint
import Collective
import Data
import Flags
import Foundation
import Model
import Recipe
import System
import Training

/// Where `--resume` starts from.
enum Resume {
  /// A whole state: the run goes on after its step.
  case checkpoint(StoredCheckpoint)
  /// Weights alone: training starts at epoch 0 with them, evaluation uses them.
  case weights(WeightsFile)

  /// What the flag names, the same on every rank; nil without the flag, or for `auto` with nothing to go on from.
  static func from(_ flag: String?, _ setup: RunSetup) throws -> Resume? {
    guard let flag else { return nil }
    guard let path = flag == "auto" ? try newest(setup) : flag else {
      setup.voice.say("No checkpoint in \(masked(setup.folder.checkpoints.folder)) yet: starting at epoch 0")
      return nil
    }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw Failure(
        "--resume \(masked(path)): there is no such file or folder. A run's checkpoints are in its output folder, "
          + "under checkpoints/; --resume auto takes the newest.", exitCode: .missingInput)
    }
    return isFolder.boolValue
      ? .checkpoint(try StoredCheckpoint(verifying: path)) : .weights(try weights(path, setup))
  }

  /// A file of weights; of the reference's `checkpoint.pth`, the weights in it.
  private static func weights(_ path: String, _ setup: RunSetup) throws -> WeightsFile {
    let file = try WeightsFile(path: path)
    let trained = Weights(metadata: file.metadata)?.classes ?? []
    try ClassMismatch.check(trained, against: setup.data.classes, of: masked(path))
    if file.hasOptimizer, !setup.flags.eval {
      setup.voice.say(
        "\(masked(path)) is a training state of PyTorch's: its weights are used, its epoch and optimizer are not. "
          + "Starting at epoch 0")
    }
    return file
  }

  /// The newest checkpoint that verifies, as rank 0 finds it.
  private static func newest(_ setup: RunSetup) throws -> String? {
    var own = Found()
    if setup.placement.isFirst { own = Found(in: setup.folder.checkpoints) }
    let found = try Found(setup.group.allGather(own.bytes)[0])
    if let refusals = found.refusals { throw Failure(refusals, exitCode: .badConfiguration) }
    return found.path
  }
}

extension TrainingState {
  /// Throws unless a run of `recipe` on these classes may go on from this state.
  func check(against recipe: Recipe, classes: [ClassName]) throws {
    guard self.recipe.model.name == recipe.model.name else {
      throw Failure(
        "the checkpoint is of \(self.recipe.model.name) and the run of \(recipe.model.name): "
          + "use --model \(self.recipe.model.name), or another --output-dir", exitCode: .badConfiguration)
    }
    try ClassMismatch.check(self.classes, against: classes, of: "the checkpoint")
  }
}
