public import Checkpoint
public import Recipe
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

  /// The state after an epoch.
  public init(epoch: Int, steps: Int, bestAccuracy: Double, classes: [String], recipe: Recipe) {
    self.epoch = epoch
    self.steps = steps
    self.bestAccuracy = bestAccuracy
    self.classes = classes
    self.recipe = recipe
  }
}

extension Trainer {
  private static let modelFile = "model"
  private static let optimizerFile = "optimizer"

  /// Saves weights, moments and state as one checkpoint.
  public func save(_ state: TrainingState, named name: String, in store: CheckpointStore)
    throws(CheckpointError)
  {
    let weights = network.hostWeights
    let moments = HostTensors(optimizer.moments)
    try withExtendedLifetime((weights, moments)) { () throws(CheckpointError) in
      try store.save(
        name: name,
        files: [
          TensorFile(name: Self.modelFile, tensors: weights.views),
          TensorFile(name: Self.optimizerFile, tensors: moments.views),
        ], state: state)
    }
  }

  /// Continues where a checkpoint left off; changes nothing unless everything fits.
  public func resume(_ checkpoint: StoredCheckpoint) throws -> TrainingState {
    let state = try checkpoint.state(TrainingState.self)
    let moments = try checkpoint.tensors(of: Self.optimizerFile)
    try WeightsMismatch.check(moments, against: optimizer.moments.map { ($0.name, $0.tensor.shape) })
    try network.load(try checkpoint.tensors(of: Self.modelFile))
    for moment in optimizer.moments { moment.tensor.fill(from: moments, named: moment.name) }
    optimizer.resume(atStep: state.steps)
    return state
  }
}
