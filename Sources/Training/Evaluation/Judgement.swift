public import Recipe

/// The best results of a run so far, and the number of evaluations since its monitored figure last improved.
///
/// It keeps the best of every figure, since a run may continue with another monitor, and a worse epoch must
/// not replace its best weights. Evaluations count the same on every rank, so all ranks hold equal values;
/// checkpoints store it.
public struct Judgement: Codable, Equatable, Sendable {
  /// The figure by which the run is judged.
  public let monitor: Recipe.Judging.Monitor
  /// Evaluations in a row without a better result.
  public private(set) var worse = 0
  /// The highest scores so far, of the weights and of their running average.
  private var own = Scores()
  private var average = Scores()

  /// Makes a judgement before any evaluation.
  public init(by monitor: Recipe.Judging.Monitor) { self.monitor = monitor }

  /// Continues a saved run's judgement with this monitor.
  public init(_ state: TrainingState, by monitor: Recipe.Judging.Monitor) {
    self.init(by: monitor)
    if let saved = state.judgement {
      (own, average) = (saved.own, saved.average)
      // A run that only now asks for early stopping starts its patience anew.
      if saved.monitor == monitor, state.recipe.judging.earlyStop != nil { worse = saved.worse }
    }
    // Fills in from what older checkpoints stored.
    own.accuracy = own.accuracy ?? (state.evaluatedOnlyItsAverage ? 0 : state.bestAccuracy)
    average.accuracy =
      average.accuracy ?? (state.evaluatedOnlyItsAverage ? state.bestAccuracy : state.bestAverage)
  }

  /// Decodes a judgement; older checkpoints have no scores.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    monitor = try values.decode(Recipe.Judging.Monitor.self, forKey: .monitor)
    worse = try values.decode(Int.self, forKey: .worse)
    own = try values.decodeIfPresent(Scores.self, forKey: .own) ?? Scores()
    average = try values.decodeIfPresent(Scores.self, forKey: .average) ?? Scores()
  }

  /// How one evaluation compares with those before it.
  public struct Finding: Equatable, Sendable {
    /// Whether the weights have their best score so far.
    public let isBest: Bool
    /// Whether the running average has its best score so far.
    public let isBestAverage: Bool
    /// The monitored figure, signed so that higher is better.
    public let score: Double
    /// Whether that figure is the best so far.
    public let isBetter: Bool
  }

  /// Takes in the results of the weights, and of their running average where there is one.
  public mutating func hear(_ tally: Evaluator.Tally, average averageTally: Evaluator.Tally?) -> Finding {
    let (scores, averageScores) = (Scores(tally), averageTally.map(Scores.init))
    let isBest = scores.beat(own, by: monitor)
    let isBestAverage = averageScores?.beat(average, by: monitor) ?? false
    own.take(scores)
    if let averageScores { average.take(averageScores) }
    let isBetter = monitor == .ema ? isBestAverage : isBest
    worse = isBetter ? 0 : worse + 1
    let judged = monitor == .ema ? averageScores ?? scores : scores
    return Finding(
      isBest: isBest, isBestAverage: isBestAverage, score: judged[monitor] ?? monitor.worst,
      isBetter: isBetter)
  }

  /// Whether a run with this patience ends here.
  public func ends(_ patience: Int?) -> Bool { patience.map { worse >= $0 } ?? false }

  /// Whether the values are ones that a run can reach.
  var isSound: Bool { (0..<1 << 31).contains(worse) && own.isSound && average.isSound }
}

/// An evaluation's figures, signed so that higher is better; nil where a figure is missing.
private struct Scores: Codable, Equatable, Sendable {
  /// Top-1 accuracy.
  var accuracy: Double?
  private var balanced: Double?
  /// The negated loss; nil where it is not finite, which JSON cannot hold.
  private var loss: Double?

  /// Makes scores before the first evaluation.
  init() {}

  init(_ tally: Evaluator.Tally) {
    (accuracy, balanced) = (tally.accuracy1, tally.balancedAccuracy)
    loss = tally.meanLoss.isFinite ? -tally.meanLoss : nil
  }

  subscript(monitor: Recipe.Judging.Monitor) -> Double? {
    switch monitor {
    case .acc1, .ema: accuracy
    case .balanced: balanced
    case .loss: loss
    }
  }

  /// Whether the monitored score is better than `best`; an accuracy of 0 never is.
  func beat(_ best: Scores, by monitor: Recipe.Judging.Monitor) -> Bool {
    guard let score = self[monitor] else { return false }
    return score > best[monitor] ?? monitor.worst
  }

  /// Keeps the higher of each pair of scores.
  mutating func take(_ other: Scores) {
    func higher(_ one: Double?, _ other: Double?) -> Double? { [one, other].compactMap(\.self).max() }
    accuracy = higher(accuracy, other.accuracy)
    balanced = higher(balanced, other.balanced)
    loss = higher(loss, other.loss)
  }

  var isSound: Bool { [accuracy, balanced, loss].allSatisfy { $0?.isFinite ?? true } }
}

extension Recipe.Judging.Monitor {
  /// A score that is never the best; finite, since JSON holds no infinity.
  fileprivate var worst: Double { self == .loss ? -.greatestFiniteMagnitude : 0 }
}
