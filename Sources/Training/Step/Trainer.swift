public import Collective
public import Data
public import Model
public import Recipe
public import Torch

/// One step, from a batch of pixels to updated weights, together with every other rank.
///
/// Every rank holds the same weights before and after a step. A feature is a value that the trainer was built with.
public final class Trainer {
  /// The network that learns.
  public let network: Twins
  /// The optimizer with what it remembers.
  public let optimizer: Optimizer
  /// The running average of the weights; nil when the recipe has none.
  let average: WeightAverage?
  /// The factor of the loss; nil where the gradients cannot vanish.
  public internal(set) var lossScale: LossScale?

  let recipe: Recipe
  private let group: any ProcessGroup
  let flat: FlatNetwork
  private let exchange: RankExchange
  private let reducer: GradientReducer
  private let objective: Objective
  /// Hears when a part of a step begins.
  public var onPart: (StepPhase) -> Void {
    get { exchange.onPart }
    set { exchange.onPart = newValue }
  }

  /// Whether the ranks still agree.
  let weightCheck: WeightCheck

  /// What every rank knows after a step.
  public struct Outcome: Equatable, Sendable {
    /// Mean loss of the step over all ranks.
    public let loss: Double
    /// L2 norm of the averaged gradient, before clipping; not finite where the step was skipped.
    public let gradientNorm: Double
    /// What any rank was asked for or is busy with: then all stop or save here, after the same step.
    public let signals: RankSignals
    /// What exchanging took on this rank.
    public let communication: CommunicationTime
  }

  /// A trainer at step 0; `network` must hold the same weights on every rank.
  public init(
    _ network: Twins, recipe: Recipe, group: any ProcessGroup, on device: Device,
    parallelism: Parallelism = Parallelism()
  ) throws(TrainingError) {
    self.network = network
    self.recipe = recipe
    self.group = group
    let flat = try collectively { () throws(CollectiveError) in
      try FlatNetwork(network.parameters, over: group, on: device, bucketBytes: parallelism.bucketBytes)
    }
    self.flat = flat
    exchange = RankExchange(group, parallelism, on: device)
    reducer = GradientReducer(flat, exchange, parallelism)
    optimizer = Optimizer(flat, recipe.optimizer, exchange)
    average = recipe.ema.enabled ? WeightAverage(flat, recipe.ema) : nil
    weightCheck = WeightCheck(flat: flat, group: group, interval: parallelism.weightCheckInterval)
    lossScale = recipe.products == .float16 ? LossScale() : nil
    objective = Objective(network, recipe, on: device)
  }

  /// Trains on this rank's share of the pictures of one update.
  ///
  /// Throws `TrainingError.diverged` on every rank at the same step, before any weight has changed, when the loss of
  /// any rank is not finite, or the gradient is not and there is no loss scale to lower; `picturesMissing` likewise,
  /// when any rank abstains.
  public func step(
    _ batch: PixelBatch, epoch: Int, learningRate: Double, signals: RankSignals = []
  ) throws(TrainingError) -> Outcome {
    flat.zeroGradients()
    let loss = addGradients(of: batch, epoch: epoch)
    let all = try exchanged(loss, signals)
    guard all.loss.isFinite, all.gradientNorm.isFinite || lossScale != nil else {
      throw .diverged(loss: all.loss, gradientNorm: all.gradientNorm)
    }
    lossScale?.update(gradientWasFinite: all.gradientNorm.isFinite)
    if all.gradientNorm.isFinite {
      try update(learningRate: learningRate, gradientScale: all.gradientScale)
    }
    return Outcome(
      loss: all.loss, gradientNorm: all.gradientNorm, signals: all.signals, communication: exchange.time)
  }

  /// Takes part in a step for which this rank has no pictures, so that no rank makes it.
  ///
  /// Throws `TrainingError.picturesMissing`, as `step` does on all other ranks: before any weight has changed.
  public func abstain(signals: RankSignals = []) throws(TrainingError) {
    flat.zeroGradients()
    reducer.expectLastGradients()
    _ = try exchanged(0, signals.union(.lacksPictures))
  }

  /// Runs `body` while the network has the averaged weights; nil, without running it, where the recipe averages none.
  public func withAverage<Result>(_ body: () throws -> Result) rethrows -> Result? {
    try average?.lent(body)
  }

  /// Adds the mean gradient of the batch's parts to the buffer; their mean loss.
  private func addGradients(of batch: PixelBatch, epoch: Int) -> Double {
    let parts = batch.parts(recipe.accumulation)
    let share = 1 / Double(parts.count)
    return parts.enumerated().reduce(0) { sum, part in
      onPart(.forward)
      let loss = objective(part.element, epoch: epoch, draw: draw(part: part.offset))
      onPart(.backward)
      if part.offset == parts.count - 1 { reducer.expectLastGradients() }
      loss.scaled(by: share * (lossScale?.factor ?? 1)).backward()
      return sum + share * loss.item()
    }
  }

  /// Sums the gradients over the ranks; what all ranks then know.
  private func exchanged(_ loss: Double, _ signals: RankSignals) throws(TrainingError) -> StepSummary {
    onPart(.communicate)
    let all = try collectively { () throws(CollectiveError) in
      exchange.restartClock()
      try reducer.finish()
      let own = RankReport(signals: signals, loss: loss, squares: reducer.ownSquares())
      return StepSummary(
        try exchange.all(own), lossScale: lossScale?.factor ?? 1, clip: recipe.optimizer.clip)
    }
    if all.signals.contains(.lacksPictures) { throw .picturesMissing }
    return all
  }

  private func update(learningRate: Double, gradientScale: Double) throws(TrainingError) {
    try weightCheck.compareIfDue(after: optimizer.steps)
    onPart(.optimizer)
    try collectively { () throws(CollectiveError) in
      try optimizer.update(learningRate: learningRate, gradientScale: gradientScale)
    }
    onPart(.optimizer)
    average?.update(after: optimizer.steps)
  }

  /// The number of a part among all that the ranks of this run ever train on.
  private func draw(part: Int) -> Int {
    (optimizer.steps * recipe.accumulation + part) * group.size + group.rank
  }
}
