import Collective
import Model

/// When the ranks send one another the weights that each of them has updated.
extension Trainer {
  /// Waits until this rank has all weights, and moves their average. Every rank must call it before any reads
  /// weights after a step.
  ///
  /// Evaluation and files need it; steps, checkpoints and `withAverage` do it themselves.
  public func settle() throws(TrainingError) {
    guard let gather, gather.isOwed else { return }
    try collectively(try gather.finish())
    average?.update(after: optimizer.steps)
  }

  /// Sends what this rank has updated: at once, or during the next forward pass.
  func share(_ numbers: [UpdateNumbers]?) throws(TrainingError) {
    if let gather { return gather.owe() }
    try collectively(try exchange.complete(flat.sharedWeights, flat.layout.learning))
    average?.update(after: optimizer.steps, numbers: numbers)
  }

  /// Makes what sends weights during forward passes, where that is asked for and the update is sharded.
  func weightGather() -> WeightGather? {
    guard parallelism.overlaps, parallelism.prefetchesWeights, exchange.isSharded else { return nil }
    return WeightGather(
      flat, layers: network.places.map(\.layer), average: average?.state.tensor, exchange, packing)
  }
}
