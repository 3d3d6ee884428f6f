/// How values are spread: the least, the most, and what a quarter, half and three quarters of them do not exceed.
public struct Quartiles: Codable, Equatable, Sendable {
  /// The smallest value.
  public var least: Double
  /// A quarter is not above it.
  public var lower: Double
  /// Half is not above it.
  public var median: Double
  /// Three quarters are not above it.
  public var upper: Double
  /// The largest value.
  public var most: Double

  /// Nil for no values; between two values as NumPy's `quantile` has it, on the line between them.
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
