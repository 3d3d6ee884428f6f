import Foundation

/// A rate that grows by the same factor at every update, for a learning rate test (Smith 2017, "Cyclical
/// learning rates for training neural networks").
public struct RateRamp: RateSchedule, Equatable {
  /// The number of updates.
  public let updates: Int
  /// The first and the last rate: fastai's start, and more than any network can train with.
  static let (first, last) = (1e-7, 1.0)

  /// Makes a ramp from 10⁻⁷ to 1.
  public init(updates: Int) { self.updates = updates }

  /// The rate of an update; the epoch does not matter.
  public func rate(update: Int, epoch: Int) -> Double {
    Self.first * pow(Self.last / Self.first, Double(update) / Double(max(1, updates - 1)))
  }
}
