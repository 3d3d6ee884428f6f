public import Recipe

/// The best results of a run so far, and how many evaluations since found no better one by what it is judged by.
///
/// It keeps the best of every figure: a run that goes on by another one has weights that a worse epoch must not take the place of.
/// Evaluations count the same on every rank, so it is the same on all; a checkpoint has it.
public struct Judgement: Codable, Equatable, Sendable {
  /// What the run is judged by.
  public let monitor: Recipe.Judging.Monitor
  /// Evaluations in a row without a better result.
  public private(set) var worse = 0
  /// The highest scores so far, of the weights and of their average.
  private var own = Scores()
  private var average = Scores()

  /// Nothing evaluated yet.
  public init(by monitor: Recipe.Judging.Monitor) { self.monitor = monitor }

  /// What a run has come to that goes on from a state by this monitor.
  public init(_ state: TrainingState, by monitor: Recipe.Judging.Monitor) {
    self.init(by: monitor)
    if let saved = state.judgement {
      (own, average) = (saved.own, saved.average)
      // Who asks for an end only now has not waited yet.
      if saved.monitor == monitor, state.recipe.judging.earlyStop != nil { worse = saved.worse }
    }
    // What an older checkpoint has of them.
    own.accuracy = own.accuracy ?? (state.evaluatedOnlyItsAverage ? 0 : state.bestAccuracy)
    average.accuracy =
      average.accuracy ?? (state.evaluatedOnlyItsAverage ? state.bestAccuracy : state.bestAverage)
  }

  /// Reads what was saved, the figures where they were.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    monitor = try values.decode(Recipe.Judging.Monitor.self, forKey: .monitor)
    worse = try values.decode(Int.self, forKey: .worse)
    own = try values.decodeIfPresent(Scores.self, forKey: .own) ?? Scores()
    average = try values.decodeIfPresent(Scores.self, forKey: .average) ?? Scores()
  }

  /// What an evaluation was beside those before it.
  public struct Finding: Equatable, Sendable {
    /// Whether no weights before were better.
    public let isBest: Bool
    /// The same of their average.
    public let isBestAverage: Bool
    /// The figure that the run is judged by, the higher the better.
    public let score: Double
    /// Whether that was better than all before.
    public let isBetter: Bool
  }

  /// Hears what the weights came to, and their average where there is one.
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

  /// Whether a run could have come to it.
  var isSound: Bool { (0..<1 << 31).contains(worse) && own.isSound && average.isSound }
}

/// What an evaluation came to by each figure, the higher the better; nil where it did not.
private struct Scores: Codable, Equatable, Sendable {
  /// Acc@1.
  var accuracy: Double?
  private var balanced: Double?
  /// Below 0; nil too where it is not finite, which no file would hold.
  private var loss: Double?

  /// Before the first evaluation.
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

  /// Whether these are better than all before; an accuracy of 0 is no best.
  func beat(_ best: Scores, by monitor: Recipe.Judging.Monitor) -> Bool {
    guard let score = self[monitor] else { return false }
    return score > best[monitor] ?? monitor.worst
  }

  /// Keeps the higher of each.
  mutating func take(_ other: Scores) {
    func higher(_ one: Double?, _ other: Double?) -> Double? { [one, other].compactMap(\.self).max() }
    accuracy = higher(accuracy, other.accuracy)
    balanced = higher(balanced, other.balanced)
    loss = higher(loss, other.loss)
  }

  var isSound: Bool { [accuracy, balanced, loss].allSatisfy { $0?.isFinite ?? true } }
}

extension Recipe.Judging.Monitor {
  /// A score that is no best, and finite as what is saved has to be.
  fileprivate var worst: Double { self == .loss ? -.greatestFiniteMagnitude : 0 }
}
