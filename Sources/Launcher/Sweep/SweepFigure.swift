import Recipe
import RunControl

/// What decides which run of a sweep is better: the best of a run's epochs in one of its figures.
enum SweepFigure: String, CaseIterable, Codable {
  case acc1, balanced, loss, ema

  /// As tables call it.
  var title: String {
    switch self {
    case .acc1: "Acc@1"
    case .balanced: "balanced"
    case .loss: "test loss"
    case .ema: "EMA Acc@1"
    }
  }

  /// The best of a run's epochs, and the first epoch that had it; nil where nothing was evaluated.
  func best(of log: EpochLog) -> (value: Double, epoch: Int)? {
    switch self {
    case .acc1: log.best(\.accuracy1).map { ($0.accuracy, $0.epoch) }
    case .balanced: log.best(\.balancedAccuracy).map { ($0.accuracy, $0.epoch) }
    case .ema: log.best(\.averageAccuracy1).map { ($0.accuracy, $0.epoch) }
    case .loss: log.best { $0.testLoss.map { -$0 } }.map { (-$0.accuracy, $0.epoch) }
    }
  }

  /// What a run judges its epochs by to keep the weights of the best; nil where it does so anyway.
  var monitor: Recipe.Judging.Monitor? {
    switch self {
    case .acc1, .ema: nil
    case .balanced: .balanced
    case .loss: .loss
    }
  }

  /// Whether the one is better than the other.
  func prefers(_ one: Double, to other: Double) -> Bool { self == .loss ? one < other : one > other }

  /// With its unit, as a sentence has it.
  var unit: String { self == .loss ? "" : " %" }
  /// Digits that are shown.
  var digits: Int { self == .loss ? 4 : 2 }
}
