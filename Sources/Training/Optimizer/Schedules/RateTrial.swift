import Foundation

/// The losses of a learning rate test, in which the rate rises at every update.
///
/// Smoothing, stopping and suggestion are those of Lightning's `lr_find`
/// (`pytorch_lightning.tuner.lr_finder`), which follows fastai's.
public struct RateTrial: Equatable, Sendable {
  /// The updates so far, in order.
  public private(set) var points: [Point] = []
  private var mean = 0.0
  private var best = Double.infinity

  /// One update.
  public struct Point: Equatable, Sendable {
    /// The learning rate of the update.
    public let rate: Double
    /// The mean loss over all ranks, before the update.
    public let loss: Double
    /// The exponential mean of the losses so far, with decay 0.98.
    public let smoothed: Double
  }

  private static let memory = 0.98
  /// The test ends once the smoothed loss exceeds the least by this factor.
  private static let excess = 4.0
  /// Points ignored at the start and at the end.
  private static let (skipped, cut) = (10, 1)

  /// Makes a test without updates.
  public init() {}

  /// Adds an update.
  public mutating func add(rate: Double, loss: Double) {
    mean = Self.memory * mean + (1 - Self.memory) * loss
    let smoothed = mean / (1 - pow(Self.memory, Double(points.count + 1)))
    points.append(Point(rate: rate, loss: loss, smoothed: smoothed))
    best = min(best, smoothed)
  }

  /// Whether the loss has diverged.
  public var isOver: Bool { points.count > 1 && (points.last?.smoothed ?? 0) > Self.excess * best }

  /// The rate at which the smoothed loss falls fastest over the logarithm of the rate; nil with few updates,
  /// or if it never falls.
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

  /// The rate with the least smoothed loss, which is already too high to train with.
  public var least: Double? { points.min { $0.smoothed < $1.smoothed }?.rate }
}
