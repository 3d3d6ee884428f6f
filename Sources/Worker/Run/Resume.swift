import Checkpoint
import Collective
import Data
import Flags
import Foundation
import Model
import Output
import Recipe
import System
import SystemPackage
import Training

/// What a run starts from.
enum Resume {
  /// A whole state: the run goes on after its step.
  case checkpoint(StoredCheckpoint, TrainingState)
  /// Weights alone: training starts at epoch 0 with them, evaluation uses them.
  case weights(WeightsFile)
  /// Weights whose head may be another: training starts at epoch 0.
  case finetuning(WeightsFile)

  /// Throws where another process writes to the folder that the run is to go on in.
  static func requireFree(_ flags: TrainingFlags) throws(OutputError) {
    let named = flags.run.resume.flatMap { store($0, flags)?.outputFolder }
    if flags.run.writes, let folder = flags.run.outputDir ?? named { try Possession.requireFree(folder) }
  }

  /// What `--resume` or `--finetune` names; nil without them, or for `auto` with nothing to go on from.
  static func from(_ flags: TrainingFlags, _ voice: Voice) throws -> Resume? {
    if let flag = flags.run.resume, let found = try resumed(flag, flags, voice) { return found }
    return try flags.run.finetune.map { .finetuning(try weights($0, flags, voice)) }
  }

  private static func resumed(_ flag: String, _ flags: TrainingFlags, _ voice: Voice) throws -> Resume? {
    if let store = store(flag, flags) {
      if let found = try newest(in: store, flag, voice) { return found }
      guard flag == "auto" else {
        throw Failure(
          "--resume \(masked(flag)): there is no checkpoint in \(masked(store.folder)) yet. A run saves one after each epoch.",
          exitCode: .missingInput)
      }
      return nil
    }
    try flags.run.requireResume()
    guard Folders.isFolder(flag) else { return .weights(try weights(flag, flags, voice)) }
    guard StoredCheckpoint.isNamed(by: flag) else {
      throw Failure(
        "--resume \(masked(flag)): it is neither a run's output folder, which has checkpoints/ in it, nor a checkpoint, "
          + "nor a file of weights. See: ls \(FilePath(flag).quoted)", exitCode: .missingInput)
    }
    let checkpoint = try StoredCheckpoint(verifying: flag)
    return .checkpoint(checkpoint, try checkpoint.state(TrainingState.self))
  }

  private static func weights(_ path: String, _ flags: TrainingFlags, _ voice: Voice) throws -> WeightsFile {
    guard !Folders.isFolder(path) else {
      throw Failure(
        "\(masked(path)) is a folder and no file. A run's weights are in its output folder: best.safetensors, "
          + "last.safetensors.", exitCode: .missingInput)
    }
    return try WeightsFile(path: path, average: flags.run.useEma, speaks: voice.speaks)
  }

  /// Where it lies.
  var path: String {
    switch self {
    case .checkpoint(let checkpoint, _): checkpoint.folder
    case .weights(let file), .finetuning(let file): file.path
    }
  }

  /// The values that hold unless flags say otherwise: all of a run that goes on; what an evaluation needs to know of weights.
  func values(for flags: TrainingFlags) -> SavedValues? {
    switch self {
    case .checkpoint(let checkpoint, let state):
      var values = SavedValues(of: state.recipe, source: checkpoint.folder)
      values.outputFolder = flags.run.resume.flatMap { Self.store($0, flags)?.outputFolder }
      return values
    case .weights(let file), .finetuning(let file):
      guard !flags.run.trains, let about = Weights(metadata: file.metadata) else { return nil }
      return SavedValues(
        model: about.model, inputSize: about.inputSize, cropPercent: about.cropPercent, source: file.path)
    }
  }
}

extension TrainingState {
  /// Throws unless a run of `recipe` on these classes may go on from this state.
  func check(against recipe: Recipe, classes: [ClassName]) throws {
    guard self.recipe.model.name == recipe.model.name else {
      throw Failure(
        "the checkpoint is of \(self.recipe.model.name) and the run of \(recipe.model.name): "
          + "leave --model out to go on with it, or start another run in another --output-dir",
        exitCode: .badConfiguration)
    }
    guard self.recipe.optimizer.kind == recipe.optimizer.kind else {
      throw Failure(
        "the checkpoint has the moments of \(self.recipe.optimizer.kind) and the run updates by \(recipe.optimizer.kind): "
          + "leave --opt out to go on with it, or take its weights alone with --finetune",
        exitCode: .badConfiguration)
    }
    guard self.recipe.ema.enabled || !recipe.ema.enabled else {
      throw Failure(
        "the checkpoint has no moving average of the weights: leave --model-ema out to go on with it",
        exitCode: .badConfiguration)
    }
    try ClassMismatch.check(self.classes, against: classes, of: "the checkpoint")
  }
}
