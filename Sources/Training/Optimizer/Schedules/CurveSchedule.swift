import Recipe

/// The rate as a function of time, after the warm-up.
protocol RateCurve: Sendable {
  /// The rate after `tick` ticks, which are epochs or updates.
  func rate(at tick: Int) -> Double
  /// The rate to which a warm-up of `warmup` ticks rises.
  func peak(after warmup: Int) -> Double
}

/// A curve with a linear warm-up that replaces the curve's beginning, as in timm's schedulers.
///
/// Per epoch, as the reference steps its scheduler: after epoch e the rate becomes `value(e)`, so epochs 0
/// and 1 both run at `value(0)`. Per update, as timm's training script does: update u runs at `value(u)`.
struct CurveSchedule<Curve: RateCurve>: RateSchedule {
  private let curve: Curve
  private let countsUpdates: Bool
  /// The length of the warm-up, in ticks.
  private let warmup: Int
  /// The rate at the start of the warm-up.
  private let start: Double
  /// The amount by which each tick of the warm-up raises the rate.
  private let rise: Double

  /// Makes a schedule of a curve.
  ///
  /// - Parameter ticks: Ticks per epoch.
  init(_ curve: Curve, _ schedule: Recipe.Schedule, ticks: Int) {
    self.curve = curve
    countsUpdates = schedule.movesWithUpdates
    warmup = schedule.warmupEpochs * ticks
    start = warmup > 0 ? schedule.warmup : schedule.base
    rise = (curve.peak(after: warmup) - start) / Double(max(1, warmup))
  }

  func rate(update: Int, epoch: Int) -> Double {
    if countsUpdates { return update == 0 ? start : value(update) }
    return epoch == 0 ? start : value(epoch - 1)
  }

  private func value(_ tick: Int) -> Double {
    tick < warmup ? start + Double(tick) * rise : curve.rate(at: tick)
  }
}
