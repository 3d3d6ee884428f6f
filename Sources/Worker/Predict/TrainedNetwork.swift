import Checkpoint
import Datasets
import Flags
import Model
import Output
import Recipe
import System
import Torch
import Training

/// Trained weights in the network that they are of, and what is known of both.
struct TrainedNetwork {
  let about: Weights
  let network: any Network
  /// Whether the weights say what their classes are called.
  let namesClasses: Bool
  /// What is taken for granted of weights that say nothing of themselves, as a sentence; nil for others.
  let assumption: String?

  /// What is said about weights that do not say it themselves, or in its place; nil for each that is not.
  struct Wishes {
    var model: String?
    var inputSize: Int?
    /// The flag that says the first.
    var modelFlag = "--model"
  }

  /// Loads the weights that a user named: a file, a run's best ones, or a checkpoint's.
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
  /// Of a file of weights that does not say of which network they are, where no flag does.
  init(ofUnnamedNetwork path: String, _ flag: String = "--model") {
    self.init("\(masked(path)) does not say of which network it is: name it with \(flag)")
  }
}

/// Weights as they are stored.
private struct Source {
  /// Nil where nothing is said of them.
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

  /// The newest of several, which is said.
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

  /// The names of the classes; numbers where they have none.
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
