/// The results of a finished epoch: its training, and the evaluation of its weights.
public struct EpochSummary: Equatable, Sendable {
  /// The epoch, from 0.
  public let epoch: Int
  /// Updates of the run so far.
  public let updates: Int
  /// The mean learning rate of the epoch's updates.
  public let learningRate: Double
  /// Mean loss of its steps over all ranks.
  public let trainingLoss: Double
  /// The evaluation of the weights; nil where nothing is evaluated.
  public let tally: Evaluator.Tally?
  /// The evaluation of the weights' running average; nil where there is none.
  public let averageTally: Evaluator.Tally?
  /// Whether the weights have their best score so far.
  public let isBest: Bool
  /// Whether the running average has its best score so far.
  public let isBestAverage: Bool
  /// Whether the run ends with this epoch.
  public let isLast: Bool
  /// The number of the network's parameters.
  public let parameters: Int
  /// The number of damaged images that were skipped; nil where a damaged image ends the run.
  public let skipped: Int?

  /// Makes a summary.
  public init(
    epoch: Int, updates: Int, learningRate: Double, trainingLoss: Double, tally: Evaluator.Tally?,
    averageTally: Evaluator.Tally?, isBest: Bool, isBestAverage: Bool, isLast: Bool, parameters: Int,
    skipped: Int?
  ) {
    self.epoch = epoch
    self.updates = updates
    self.learningRate = learningRate
    self.trainingLoss = trainingLoss
    self.tally = tally
    self.averageTally = averageTally
    self.isBest = isBest
    self.isBestAverage = isBestAverage
    self.isLast = isLast
    self.parameters = parameters
    self.skipped = skipped
  }
}
