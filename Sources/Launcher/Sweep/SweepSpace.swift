import Glibc
import Randomness
import Recipe

/// The values of flags that a sweep tries, and how they are combined.
enum SweepSpace: Equatable {
  /// Every combination of the values; the last flag varies fastest.
  case grid([SweepAxis])
  /// A number of draws, each of one value for every flag.
  case random(draws: Int, seed: UInt64, [SweepAxis])

  var axes: [SweepAxis] {
    switch self {
    case .grid(let axes), .random(_, _, let axes): axes
    }
  }

  /// The number of combinations; nil where it overflows an integer.
  var count: Int? {
    switch self {
    case .grid(let axes):
      axes.reduce(1) { product, axis in
        guard let (count, overflows) = product?.multipliedReportingOverflow(by: axis.domain.count), !overflows
        else { return nil }
        return count
      }
    case .random(let draws, _, _): draws
    }
  }

  /// The values of each run, in the order of `axes`; the same at every call.
  ///
  /// A draw depends only on the seed and its number, so more draws later leave the first ones unchanged.
  var points: [[JSONTree]] {
    switch self {
    case .grid(let axes):
      return axes.reduce([[]]) { points, axis in
        points.flatMap { point in axis.domain.values.map { point + [$0] } }
      }
    case .random(let draws, let seed, let axes):
      return (0..<draws).map { draw in
        axes.enumerated().map { place, axis in
          var generator = KeyedGenerator(seed: seed, stream: .sweep, epoch: draw, index: place)
          return axis.domain.drawn(&generator)
        }
      }
    }
  }
}

/// A flag that a sweep varies; its name has no dashes.
struct SweepAxis: Equatable {
  let flag: String
  let domain: SweepDomain
}

/// The set from which a flag's values are taken.
enum SweepDomain: Equatable {
  case list([JSONTree])
  /// An interval of numbers, drawn uniformly, or uniformly in their logarithms; integers where both ends are.
  case range(Double, Double, isLogarithmic: Bool, isWhole: Bool)

  fileprivate var values: [JSONTree] { if case .list(let values) = self { values } else { [] } }
  fileprivate var count: Int { values.count }

  fileprivate func drawn(_ generator: inout KeyedGenerator) -> JSONTree {
    switch self {
    case .list(let values):
      return values[generator.integer(below: values.count)]
    case .range(let low, let high, isLogarithmic: false, isWhole: true):
      return .integer(Int(low) + generator.integer(below: Int(high) - Int(low) + 1))
    case .range(let low, let high, let isLogarithmic, let isWhole):
      let drawn =
        isLogarithmic
        ? exp(generator.uniform(in: log(low)...log(high))) : generator.uniform(in: low...high)
      let number = min(high, max(low, isWhole ? drawn.rounded() : Self.rounded(drawn)))
      return isWhole ? .integer(Int(number)) : .real(number)
    }
  }

  /// Rounds to four significant digits, which suffice to read, and which a flag can state exactly.
  private static func rounded(_ number: Double) -> Double {
    guard number != 0 else { return 0 }
    let digits = 3 - Int(floor(log10(abs(number))))
    guard digits > 0 else { return number.rounded() }
    let scale = pow(10, Double(digits))
    return (number * scale).rounded() / scale
  }
}
