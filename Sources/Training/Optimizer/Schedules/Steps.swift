import Foundation

/// Multiplies the rate by a factor after every `length` ticks (timm's `StepLRScheduler`).
struct StepCurve: RateCurve {
  let base, factor: Double
  /// Ticks between two changes.
  let length: Double

  func rate(at tick: Int) -> Double { base * pow(factor, (Double(tick) / length).rounded(.down)) }

  func peak(after warmup: Int) -> Double { base }
}

/// Multiplies the rate by a factor at each milestone (timm's `MultiStepLRScheduler`); as in timm, one tick
/// early.
struct MultistepCurve: RateCurve {
  let base, factor: Double
  /// The milestones, in ascending order.
  let milestones: [Int]

  func rate(at tick: Int) -> Double { base * pow(factor, Double(milestones.count { $0 <= tick + 1 })) }

  func peak(after warmup: Int) -> Double { base }
}
