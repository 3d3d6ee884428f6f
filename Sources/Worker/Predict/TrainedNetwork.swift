import Checkpoint
import Datasets
import Flags
import Model
import Output
import Recipe
import System
import Torch
import Training

/// A network with trained weights, and their description.
struct TrainedNetwork {
  let about: Weights
  let network: any Network
  /// Whether the weights name their classes.
  let namesClasses: Bool
  /// What is assumed about weights that do not describe themselves, as a sentence; otherwise nil.
  let assumption: String?

  /// Values given by the user for weights that do not contain them, or instead of theirs; nil if not given.
  struct Wishes {
    var model: String?
    var inputSize: Int?
    /// The flag for the model.
    var modelFlag = "--model"
  }

  /// Loads weights named by the user: a file, a run's best ones, or a checkpoint's.
  init(_ named: NamedWeights, _ wishes: Wishes, on device: Device) throws {
    let source = try Source(named)
    guard let model = wishes.model ?? source.about?.model else {
      throw RecipeError(ofUnnamedNetwork: named.path, wishes.modelFlag)
    }
    namesClasses = source.namesClasses
    var images = source.about?.images ?? Recipe.Preprocessing()
    if let side = wishes.inputSize { images.inputSize = side }
    assumption =
      source.about == nil
      ? "\(masked(named.path)) does not say what it learnt from; assumed: \(images.inputSize) × \(images.inputSize) pixels"
        + "\(wishes.inputSize == nil ? " (--input-size)" : ""), \(images.normalizationFlags), classes by their numbers"
      : nil
    var about = Weights(model: try ModelName.canonical(model), classes: try source.classes, images: images)
    (about.epoch, about.heldOut) = (source.about?.epoch, source.about?.heldOut)
    self.about = about
    var recipe = Recipe()
    recipe.model.name = about.model
    recipe.data.inputSize = about.images.inputSize
    network = try makeNetwork(recipe, classes: about.classes.count, on: device)
    try source.load(network)
  }
}

extension RecipeError {
  /// Makes the error of a file of weights that does not name its network, if no flag does.
  init(ofUnnamedNetwork path: String, _ flag: String = "--model") {
    self.init("\(masked(path)) does not say of which network it is: name it with \(flag)")
  }
}

/// Weights as they are stored.
private struct Source {
  /// Nil if they have no description.
  let about: Weights?
  private let tensors: any NamedTensors

  init(_ named: NamedWeights) throws {
    guard Folders.isFolder(named.path) else {
      let file = try WeightsFile(path: named.path, average: named.takesAverage)
      (tensors, about) = (file, Weights(metadata: file.metadata))
      return
    }
    let checkpoint = try Self.checkpoint(in: named.path)
    tensors = try checkpoint.weights(average: named.takesAverage)
    about = Weights(of: try checkpoint.state(TrainingState.self))
  }

  /// Opens the newest of several checkpoints and says which.
  private static func checkpoint(in folder: String) throws -> VerifiedCheckpoint {
    guard let store = CheckpointStore(naming: folder) else {
      return try VerifiedCheckpoint(verifying: folder)
    }
    guard let newest = store.newestVerified().checkpoint else {
      throw Failure(
        "no checkpoint in \(masked(store.folder)) can be trusted. Name a file of weights.",
        exitStatus: .badConfiguration)
    }
    Console.warn("note: the weights are those of \(masked(newest.folder))")
    return newest
  }

  var namesClasses: Bool { about?.classes.isEmpty == false }

  /// The class names; numbers if there are none.
  var classes: [ClassName] {
    get throws {
      let outputs = try tensors.tensor(named: "head.bias").shape.first ?? 0
      guard outputs > 0 else {
        throw Failure("\(masked(tensors.path)) has a head without classes", exitStatus: .badData)
      }
      if let names = about?.classes, names.count == outputs { return names }
      return (0..<outputs).map { ClassName(text: "class \($0)") }
    }
  }

  func load(_ network: any Network) throws { try network.load(tensors) }
}
