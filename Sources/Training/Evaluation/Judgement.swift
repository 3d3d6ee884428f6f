public import Recipe

/// The best results of a run so far by what it is judged by, and how many evaluations found no better one since.
///
/// Evaluations count the same on every rank, so it is the same on all; a checkpoint has it.
public struct Judgement: Codable, Equatable, Sendable {
  /// What the run is judged by.
  public let monitor: Recipe.Judging.Monitor
  /// Evaluations in a row without a better result.
  public private(set) var worse = 0
  /// The highest scores so far, of the weights and of their average; nil before the first.
  private var best: Double?
  private var bestAverage: Double?

  /// Nothing evaluated yet.
  public init(by monitor: Recipe.Judging.Monitor) { self.monitor = monitor }

  /// What a run has come to that goes on from a state by this monitor.
  public init(_ state: TrainingState, by monitor: Recipe.Judging.Monitor) {
    self.init(by: monitor)
    if let saved = state.judgement, saved.monitor == monitor {
      self = saved
    } else if monitor.isAccuracy {
      best = state.evaluatedOnlyItsAverage ? 0 : state.bestAccuracy
      bestAverage = state.evaluatedOnlyItsAverage ? state.bestAccuracy : state.bestAverage
    }
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
  public mutating func hear(_ own: Evaluator.Tally, average: Evaluator.Tally?) -> Finding {
    let (ownScore, averageScore) = (score(own), average.map(score))
    let isBest = improves(ownScore, best)
    let isBestAverage = averageScore.map { improves($0, bestAverage) } ?? false
    if isBest { best = ownScore }
    if isBestAverage { bestAverage = averageScore }
    let isBetter = monitor == .ema ? isBestAverage : isBest
    worse = isBetter ? 0 : worse + 1
    return Finding(
      isBest: isBest, isBestAverage: isBestAverage,
      score: monitor == .ema ? averageScore ?? ownScore : ownScore, isBetter: isBetter)
  }

  /// Whether a run with this patience ends here.
  public func ends(_ patience: Int?) -> Bool { patience.map { worse >= $0 } ?? false }

  private func score(_ tally: Evaluator.Tally) -> Double {
    switch monitor {
    case .acc1, .ema: tally.accuracy1
    case .balanced: tally.balancedAccuracy ?? 0
    case .loss: -tally.meanLoss
    }
  }

  /// An accuracy of 0 is no best.
  private func improves(_ score: Double, _ best: Double?) -> Bool {
    score > best ?? (monitor == .loss ? -.infinity : 0)
  }

  /// Whether a run could have come to it.
  var isSound: Bool {
    (0..<1 << 31).contains(worse) && (best?.isFinite ?? true) && (bestAverage?.isFinite ?? true)
  }
}
