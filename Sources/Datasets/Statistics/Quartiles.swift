/// The distribution of values: minimum, quartiles and maximum.
public struct Quartiles: Codable, Equatable, Sendable {
  /// The smallest value.
  public var least: Double
  /// The 25th percentile.
  public var lower: Double
  /// The 50th percentile.
  public var median: Double
  /// The 75th percentile.
  public var upper: Double
  /// The largest value.
  public var most: Double

  /// Computes quartiles with linear interpolation, as NumPy's `quantile`; nil for no values.
  init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    func value(at part: Double) -> Double {
      let place = part * Double(sorted.count - 1)
      let below = Int(place)
      let above = min(below + 1, sorted.count - 1)
      return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
    }
    (least, lower, median) = (value(at: 0), value(at: 0.25), value(at: 0.5))
    (upper, most) = (value(at: 0.75), value(at: 1))
  }
}
