import Glibc

/// The range of a scale, with round values on it: 1, 2 or 5 times a power of ten apart.
struct Scale: Equatable {
  let range: ClosedRange<Double>
  private let step: Double

  /// Makes a scale around finite values, within the limits of their kind.
  ///
  /// - Parameter limits: Such as 0 to 100 for percentages.
  init(around values: ClosedRange<Double>, within limits: ClosedRange<Double>) {
    // A flat curve is drawn in the middle.
    let isFlat = values.lowerBound == values.upperBound
    let margin = isFlat ? max(1e-3, abs(values.upperBound) / 10) : 0
    let low = max(values.lowerBound - margin, min(values.lowerBound, limits.lowerBound))
    let high = min(values.upperBound + margin, max(values.upperBound, limits.upperBound))
    step = Self.roundStep((high - low) / 4)
    // The tolerance keeps rounding errors from adding another step.
    let first = (low / step + 1e-9).rounded(.down) * step
    let last = (high / step - 1e-9).rounded(.up) * step
    range = min(first, low)...max(last, high)
  }

  /// Makes a scale from 0 to at least `most`, for counts.
  init(upTo most: Double) {
    step = Self.roundStep(most / 5)
    range = 0...most
  }

  /// The round values on the scale.
  var ticks: [Double] {
    let first = (range.lowerBound / step - 1e-9).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    return stride(from: first, through: last, by: 1).map { $0 * step }
  }

  /// A value with enough digits to distinguish it from the next one.
  func label(_ value: Double) -> String {
    let place = Self.power(step)
    guard abs(value) > step / 2 else { return "0" }
    let most = Self.power(max(abs(range.lowerBound), abs(range.upperBound)))
    if most < -2 || most > 5 {
      // Tolerates rounding errors in the value.
      return scientific(value, digits: max(0, min(3, Self.power(abs(value) * (1 + 1e-9)) - place)))
    }
    return decimal(value, max(0, -place))
  }

  private static func roundStep(_ least: Double) -> Double {
    let unit = pow(10, Double(power(least)))
    return unit * ([1, 2, 5].first { $0 * unit >= least * (1 - 1e-9) } ?? 10)
  }

  /// The power of ten of its first digit.
  private static func power(_ value: Double) -> Int { Int(log10(value).rounded(.down)) }
}
