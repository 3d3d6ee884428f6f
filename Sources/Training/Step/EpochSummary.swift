/// What is known of a finished epoch: its training, and what its weights come to.
public struct EpochSummary: Equatable, Sendable {
  /// Which one, counted from 0.
  public let epoch: Int
  /// Updates of the run so far.
  public let updates: Int
  /// The mean rate of its updates.
  public let learningRate: Double
  /// Mean loss of its steps over all ranks.
  public let trainingLoss: Double
  /// What the weights came to; nil where nothing is evaluated.
  public let tally: Evaluator.Tally?
  /// What their average came to; nil too where there is none.
  public let averageTally: Evaluator.Tally?
  /// Whether no epoch before had a better Acc@1.
  public let isBest: Bool
  /// The same of the average.
  public let isBestAverage: Bool
  /// Whether the run ends with it.
  public let isLast: Bool
  /// Parameters of the network.
  public let parameters: Int
  /// Damaged images that were skipped; nil where none may be.
  public let skipped: Int?

  /// An epoch that came to all this.
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
