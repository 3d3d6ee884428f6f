import Recipe
import RunControl

/// The figure by which runs of a sweep are compared: a run counts by the best of its epochs.
enum SweepFigure: String, CaseIterable, Codable {
  case acc1, balanced, loss, ema

  /// The figure's name in tables.
  var title: String {
    switch self {
    case .acc1: "Acc@1"
    case .balanced: "balanced"
    case .loss: "test loss"
    case .ema: "EMA Acc@1"
    }
  }

  /// Returns the best value of a run's epochs, and the first epoch that had it; nil where nothing was
  /// evaluated.
  func best(of log: EpochLog) -> (value: Double, epoch: Int)? {
    switch self {
    case .acc1: log.best(\.accuracy1).map { ($0.accuracy, $0.epoch) }
    case .balanced: log.best(\.balancedAccuracy).map { ($0.accuracy, $0.epoch) }
    case .ema: log.best(\.averageAccuracy1).map { ($0.accuracy, $0.epoch) }
    case .loss: log.best { $0.testLoss.map { -$0 } }.map { (-$0.accuracy, $0.epoch) }
    }
  }

  /// What a run must monitor to keep the weights of its best epoch; nil where it does so by default.
  var monitor: Recipe.Judging.Monitor? {
    switch self {
    case .acc1, .ema: nil
    case .balanced: .balanced
    case .loss: .loss
    }
  }

  /// Whether `one` is better than `other`.
  func prefers(_ one: Double, to other: Double) -> Bool { self == .loss ? one < other : one > other }

  /// The unit after a value in a sentence.
  var unit: String { self == .loss ? "" : " %" }
  /// The number of decimals shown.
  var digits: Int { self == .loss ? 4 : 2 }
}
