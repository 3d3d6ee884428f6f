import Foundation

/// A factor each time that so many ticks have passed (timm's `StepLRScheduler`).
struct StepCurve: RateCurve {
  let base, factor: Double
  /// Ticks from one step to the next.
  let length: Double

  func rate(at tick: Int) -> Double { base * pow(factor, (Double(tick) / length).rounded(.down)) }

  func peak(after warmup: Int) -> Double { base }
}

/// A factor at each of some ticks (timm's `MultiStepLRScheduler`), where timm has it: one before the tick.
struct MultistepCurve: RateCurve {
  let base, factor: Double
  /// In rising order.
  let milestones: [Int]

  func rate(at tick: Int) -> Double { base * pow(factor, Double(milestones.count { $0 <= tick + 1 })) }

  func peak(after warmup: Int) -> Double { base }
}
