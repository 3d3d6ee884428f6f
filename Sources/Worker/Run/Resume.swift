import Checkpoint
import Datasets
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
  /// A complete state: the run continues after its step.
  case checkpoint(VerifiedCheckpoint, TrainingState)
  /// Weights only: training starts with them at epoch 0, or evaluation uses them.
  case weights(WeightsFile)
  /// Weights whose head may differ: training starts at epoch 0.
  case finetuning(WeightsFile)

  /// Throws if another process writes to the folder in which the run is to continue.
  static func requireFree(_ request: RunRequest) throws(OutputError) {
    let named = request.run.resume.flatMap { store($0, request)?.outputFolder }
    if request.run.writes, let folder = request.run.outputDir ?? named { try Possession.requireFree(folder) }
  }

  /// Opens what `--resume` or `--finetune` names, or what all hosts have settled on; nil without these flags,
  /// or for `auto` with nothing to resume from.
  ///
  /// - Parameter elsewhere: Whether another host may have the checkpoint that is damaged here.
  static func from(
    _ request: RunRequest, _ console: Console, settled common: CommonStart.Outcome? = nil,
    elsewhere: Bool = false
  ) throws -> Resume? {
    if let folder = common?.checkpoint { return try checkpoint(folder) }
    // Only the first rank says why there is none.
    if let common, common.goesOn, !console.speaks { return nil }
    if let flag = request.run.resume, let found = try resumed(flag, request, console, elsewhere) {
      return found
    }
    return try request.run.finetune.map { .finetuning(try weights($0, request, console)) }
  }

  /// The saved values that apply unless flags override them: all for a resumed run; for an evaluation, what
  /// describes the weights.
  func values(for request: RunRequest) -> SavedValues? {
    switch self {
    case .checkpoint(let checkpoint, let state):
      var values = SavedValues(of: state.recipe, source: checkpoint.folder)
      values.outputFolder = request.run.resume.flatMap { Self.store($0, request)?.outputFolder }
      return values
    case .weights(let file), .finetuning(let file):
      guard !request.run.trains, let about = Weights(metadata: file.metadata) else { return nil }
      return SavedValues(model: about.model, images: about.images, source: file.path)
    }
  }

  /// The classes of the weights; empty if unknown.
  var classes: [ClassName] {
    switch self {
    case .checkpoint(_, let state): state.classes
    case .weights(let file), .finetuning(let file): Weights(metadata: file.metadata)?.classes ?? []
    }
  }

  /// What an evaluation assumes about weights from elsewhere, as a sentence; nil if they, or flags, say
  /// everything.
  func assumption(for request: RunRequest) -> String? {
    guard request.run.eval, case .weights(let file) = self else { return nil }
    let about = Weights(metadata: file.metadata)
    let values = request.assumption(
      of: about == nil ? [] : Set(["model.name"] + Recipe.Images.preprocessingNames))
    let classes = about?.classes.isEmpty ?? true ? "its outputs are the folder's classes in order" : nil
    let assumed = [values, classes].compactMap(\.self)
    return assumed.isEmpty
      ? nil : "\(masked(file.path)) does not say all of itself; assumed: \(assumed.joined(separator: "; "))"
  }

  private static func resumed(
    _ flag: String, _ request: RunRequest, _ console: Console, _ elsewhere: Bool
  ) throws -> Resume? {
    if let store = store(flag, request) {
      if let found = try newest(in: store, flag, console, elsewhere) { return found }
      guard flag == "auto" else {
        throw Failure(
          "--resume \(masked(flag)): there is no checkpoint in \(masked(store.folder)) yet. A run saves one after each epoch.",
          exitStatus: .missingInput)
      }
      return nil
    }
    try request.run.requireResume()
    guard Folders.isFolder(flag) else {
      let file = try weights(flag, request, console)
      // The reference's own --eval assumes its default network.
      if request.run.reportDir != nil, file.metadata["model"] == nil, !request.names("model.name") {
        throw RecipeError(ofUnnamedNetwork: file.path)
      }
      return .weights(file)
    }
    guard VerifiedCheckpoint.isNamed(by: flag) else {
      throw Failure(
        "--resume \(masked(flag)): it is neither a run's output folder, which has checkpoints/ in it, nor a checkpoint, "
          + "nor a file of weights. See: ls \(FilePath(flag).quoted)", exitStatus: .missingInput)
    }
    return try checkpoint(flag)
  }

  private static func checkpoint(_ folder: String) throws -> Resume {
    let checkpoint = try VerifiedCheckpoint(verifying: folder)
    return .checkpoint(checkpoint, try checkpoint.state(TrainingState.self))
  }

  /// Opens the newest checkpoint that verifies; nil if there is none yet.
  ///
  /// Rejected newer ones are reported. If none is left, starting at epoch 0 would discard what the run has
  /// learnt, so the user must decide.
  private static func newest(
    in store: CheckpointStore, _ flag: String, _ console: Console, _ elsewhere: Bool
  ) throws -> Resume? {
    try store.requireListing()
    let search = store.newestVerified { checkpoint throws(CheckpointError) in
      _ = try checkpoint.state(TrainingState.self)
    }
    if search.checkpoint == nil, store.isBegun, !elsewhere {
      throw Failure(
        "--resume \(masked(flag)): none of the checkpoints in \(masked(store.folder)) can be trusted:\n"
          + search.refused.map { "  \($0)\n" }.joined()
          + "Name another with --resume FOLDER, or begin anew in another folder, from weights with --finetune.",
        exitStatus: .badConfiguration)
    }
    if console.speaks {
      for refusal in search.refused { Console.warn("warning: not resumed from: \(refusal)") }
    }
    guard let found = search.checkpoint else { return nil }
    return .checkpoint(found, try found.state(TrainingState.self))
  }

  /// The store of which `--resume` wants the newest checkpoint; nil if it names a particular one, or weights.
  private static func store(_ flag: String, _ request: RunRequest) -> CheckpointStore? {
    flag == "auto" ? CheckpointStore(ofRunIn: request.outputFolder()) : CheckpointStore(naming: flag)
  }

  private static func weights(_ path: String, _ request: RunRequest, _ console: Console) throws -> WeightsFile
  {
    guard !Folders.isFolder(path) else {
      throw Failure(
        "\(masked(path)) is a folder and no file. A run's weights are in its output folder: best.safetensors, "
          + "last.safetensors.", exitStatus: .missingInput)
    }
    return try WeightsFile(path: path, average: request.run.useEma, speaks: console.speaks)
  }
}
