public import Checkpoint
public import Recipe
import Model
import Torch

/// What a run needs to go on, beside its tensors.
public struct TrainingState: Codable, Equatable, Sendable {
  /// The last epoch that is finished, counted from 0.
  public var epoch: Int
  /// Updates made so far.
  public var steps: Int
  /// Best Acc@1 so far, in percent.
  public var bestAccuracy: Double
  /// The classes in the order of the head's outputs.
  public var classes: [String]
  /// The recipe the run follows.
  public var recipe: Recipe
  /// The recipe's digest, to tell at a glance whether two runs follow the same one.
  public var recipeDigest: String
  /// The loss scale of a float16 run.
  public var lossScale: LossScale?

  /// The state after an epoch.
  public init(
    epoch: Int, steps: Int, bestAccuracy: Double, classes: [String], recipe: Recipe,
    lossScale: LossScale? = nil
  ) {
    self.epoch = epoch
    self.steps = steps
    self.bestAccuracy = bestAccuracy
    self.classes = classes
    self.recipe = recipe
    recipeDigest = recipe.digest
    self.lossScale = lossScale
  }
}

extension Trainer {
  private static let modelFile = "model"
  private static let optimizerFile = "optimizer"
  private static let averageFile = "average"

  /// Saves weights, moments and state as one checkpoint.
  public func save(_ state: TrainingState, named name: String, in store: CheckpointStore)
    throws(CheckpointError)
  {
    let parts = savedTensors.map { (name: $0.file, tensors: HostTensors($0.tensors)) }
    try withExtendedLifetime(parts) { () throws(CheckpointError) in
      try store.save(
        name: name, files: parts.map { TensorFile(name: $0.name, tensors: $0.tensors.views) }, state: state)
    }
  }

  /// Continues where a checkpoint left off; changes nothing unless everything fits.
  public func resume(_ checkpoint: StoredCheckpoint) throws -> TrainingState {
    let state = try checkpoint.state(TrainingState.self)
    let parts = try savedTensors.map { (file: try checkpoint.tensors(of: $0.file), tensors: $0.tensors) }
    for part in parts {
      try WeightsMismatch.check(part.file, against: part.tensors.map { ($0.name, $0.tensor.shape) })
    }
    for part in parts {
      for (name, tensor) in part.tensors { tensor.fill(from: part.file, named: name) }
    }
    optimizer.resume(atStep: state.steps)
    if lossScale != nil, let saved = state.lossScale { lossScale = saved }
    return state
  }

  /// Every tensor that a checkpoint holds, by file.
  private var savedTensors: [(file: String, tensors: [(name: String, tensor: Tensor)])] {
    var parts = [
      (Self.modelFile, network.parameters.map { ($0.name, $0.tensor) }),
      (Self.optimizerFile, optimizer.memory),
    ]
    if let average { parts.append((Self.averageFile, average.named)) }
    return parts
  }
}
