import Foundation
import Recipe

/// The cycles of a run, each longer than the one before by the same factor (as in timm); their number is
/// fixed, and they fill the run.
struct Cycles: Sendable {
  /// The ticks of the first cycle.
  private let length: Double
  private let multiplier: Double
  private let decay: Double
  private let limit: Int

  /// A position in a cycle.
  struct Place {
    /// The ticks of the cycle that have passed, and all its ticks.
    var elapsed, length: Double
    /// The factor on the peak rate in this cycle.
    var share: Double
  }

  /// Divides `ticks` ticks into the schedule's cycles.
  init(_ schedule: Recipe.Schedule, ticks: Double) {
    (multiplier, decay, limit) = (schedule.cycleMultiplier, schedule.cycleDecay, schedule.cycleLimit)
    length = ticks / (0..<limit).reduce(0) { $0 + pow(schedule.cycleMultiplier, Double($1)) }
  }

  /// The position of a tick; nil after the last cycle.
  func place(of tick: Int) -> Place? {
    let t = Double(tick)
    guard multiplier != 1 else {
      let number = (t / length).rounded(.down)
      return place(number, elapsed: t - length * number, length: length)
    }
    let rest = 1 - t / length * (1 - multiplier)
    guard rest > 0 else { return nil }
    let number = (log(rest) / log(multiplier)).rounded(.down)
    let scale = pow(multiplier, number)
    return place(
      number, elapsed: t - (1 - scale) / (1 - multiplier) * length, length: scale * length)
  }

  private func place(_ number: Double, elapsed: Double, length: Double) -> Place? {
    number < Double(limit) ? Place(elapsed: elapsed, length: length, share: pow(decay, number)) : nil
  }
}

/// A curve that falls in each cycle from a share of `base` to `minimum`.
protocol CyclicCurve: RateCurve {
  var cycles: Cycles { get }
  var base: Double { get }
  var minimum: Double { get }
  /// The rate at a position in a cycle that begins at `base`.
  func rate(at place: Cycles.Place, from base: Double) -> Double
}

extension CyclicCurve {
  func rate(at tick: Int) -> Double {
    cycles.place(of: tick).map { rate(at: $0, from: base * $0.share) } ?? minimum
  }

  func peak(after warmup: Int) -> Double { base }
}

/// Half a cosine (Loshchilov and Hutter 2017; timm's `CosineLRScheduler`).
struct CosineCurve: CyclicCurve {
  let cycles: Cycles
  let base, minimum: Double

  init(_ cycles: Cycles, from base: Double, to minimum: Double) {
    (self.cycles, self.base, self.minimum) = (cycles, base, minimum)
  }

  func rate(at place: Cycles.Place, from base: Double) -> Double {
    minimum + 0.5 * (base - minimum) * (1 + cos(Double.pi * place.elapsed / place.length))
  }
}

/// A hyperbolic tangent from -7 to 3 (timm's `TanhLRScheduler`); the warm-up rises to the curve, not to
/// `base`.
struct TanhCurve: CyclicCurve {
  let cycles: Cycles
  let base, minimum: Double

  init(_ cycles: Cycles, from base: Double, to minimum: Double) {
    (self.cycles, self.base, self.minimum) = (cycles, base, minimum)
  }

  func rate(at place: Cycles.Place, from base: Double) -> Double {
    let part = place.elapsed / place.length
    return minimum + 0.5 * (base - minimum) * (1 - tanh(-7 * (1 - part) + 3 * part))
  }

  func peak(after warmup: Int) -> Double { rate(at: warmup) }
}

/// A power of the remaining part of the cycle (timm's `PolyLRScheduler`).
struct PolynomialCurve: CyclicCurve {
  let cycles: Cycles
  let base, minimum, power: Double

  init(_ cycles: Cycles, from base: Double, to minimum: Double, power: Double) {
    (self.cycles, self.base, self.minimum, self.power) = (cycles, base, minimum, power)
  }

  func rate(at place: Cycles.Place, from base: Double) -> Double {
    // Rounding may make the quotient a little more than 1; a power of the negative rest would be NaN.
    minimum + (base - minimum) * pow(max(0, 1 - place.elapsed / place.length), power)
  }
}
