import Foundation

/// What the loss did while the rate rose.
///
/// Smoothed, ended and read as Lightning's `lr_find` does (`pytorch_lightning.tuner.lr_finder`), which follows fastai's.
public struct RateTrial: Equatable, Sendable {
  /// The updates so far, in order.
  public private(set) var points: [Point] = []
  private var mean = 0.0
  private var best = Double.infinity

  /// An update.
  public struct Point: Equatable, Sendable {
    /// The rate that it was made at.
    public let rate: Double
    /// The mean over all ranks, before the update.
    public let loss: Double
    /// The mean of this loss and those before, of which each counts 0.98 times as much as the next.
    public let smoothed: Double
  }

  private static let memory = 0.98
  /// A loss so many times the least one does not come back.
  private static let excess = 4.0
  /// Points at either end that say nothing yet, or nothing any more.
  private static let (skipped, cut) = (10, 1)

  /// Of no updates.
  public init() {}

  /// Adds what an update came to.
  public mutating func add(rate: Double, loss: Double) {
    mean = Self.memory * mean + (1 - Self.memory) * loss
    let smoothed = mean / (1 - pow(Self.memory, Double(points.count + 1)))
    points.append(Point(rate: rate, loss: loss, smoothed: smoothed))
    best = min(best, smoothed)
  }

  /// Whether the loss has left for good.
  public var isOver: Bool { points.count > 1 && (points.last?.smoothed ?? 0) > Self.excess * best }

  /// Where the smoothed loss falls fastest over the logarithm of the rate; nil where there are few updates, or it never falls.
  public var suggestion: Double? {
    let inner = Array(points.dropFirst(Self.skipped).dropLast(Self.cut))
    guard inner.count > 1 else { return nil }
    let slopes = inner.indices.map { index in
      let (before, after) = (max(0, index - 1), min(inner.count - 1, index + 1))
      return (inner[after].smoothed - inner[before].smoothed) / Double(after - before)
    }
    guard let steepest = slopes.indices.min(by: { slopes[$0] < slopes[$1] }), slopes[steepest] < 0 else {
      return nil
    }
    return inner[steepest].rate
  }

  /// Where the smoothed loss was least: a rate that is too high already.
  public var least: Double? { points.min { $0.smoothed < $1.smoothed }?.rate }
}
