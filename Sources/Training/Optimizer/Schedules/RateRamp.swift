import Foundation

/// A rate that every update raises by the same factor, to find out at which one a network learns best (Smith 2017, "Cyclical
/// learning rates for training neural networks").
public struct RateRamp: RateSchedule, Equatable {
  /// How many updates it has.
  public let updates: Int
  /// Its ends: fastai's first one, and more than any network bears.
  static let (first, last) = (1e-7, 1.0)

  /// From 10⁻⁷ to 1.
  public init(updates: Int) { self.updates = updates }

  /// The rate, whatever the epoch.
  public func rate(update: Int, epoch: Int) -> Double {
    Self.first * pow(Self.last / Self.first, Double(update) / Double(max(1, updates - 1)))
  }
}
