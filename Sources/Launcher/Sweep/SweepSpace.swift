import Glibc
import Randomness
import Recipe

/// Which values of which flags a sweep tries, and in what way.
enum SweepSpace: Equatable {
  /// Every combination of the values, the last flag's varying fastest.
  case grid([SweepAxis])
  /// So many draws, each of one value of every flag.
  case random(draws: Int, seed: UInt64, [SweepAxis])

  var axes: [SweepAxis] {
    switch self {
    case .grid(let axes), .random(_, _, let axes): axes
    }
  }

  /// How many combinations there are; nil where an integer cannot say.
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

  /// The values of each run, in the order of `axes`; the same on every call.
  ///
  /// A draw depends on the seed and its number alone: more draws later leave the first ones as they are.
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

/// A flag that a sweep varies, by its name without dashes.
struct SweepAxis: Equatable {
  let flag: String
  let domain: SweepDomain
}

/// What the values of a flag are taken from.
enum SweepDomain: Equatable {
  case list([JSONTree])
  /// Numbers from the one to the other, drawn evenly or evenly by their logarithms, and whole where both ends are.
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

  /// To four digits: more would not be read, and a flag has to say the value exactly.
  private static func rounded(_ number: Double) -> Double {
    guard number != 0 else { return 0 }
    let digits = 3 - Int(floor(log10(abs(number))))
    guard digits > 0 else { return number.rounded() }
    let scale = pow(10, Double(digits))
    return (number * scale).rounded() / scale
  }
}
