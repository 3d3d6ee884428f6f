import Recipe

/// What the rate is at a time of the run, once it is warm.
protocol RateCurve: Sendable {
  /// The rate after so many ticks: epochs or updates.
  func rate(at tick: Int) -> Double
  /// What a warm-up of so many ticks leads to.
  func peak(after warmup: Int) -> Double
}

/// A curve behind a linear warm-up, which does not shift it: timm's schedulers.
///
/// With each epoch, as the reference steps them: after epoch e to `value(e)`, so that epochs 0 and 1 both run at the
/// start. With each update, as timm's own program does: update u runs at `value(u)`.
struct CurveSchedule<Curve: RateCurve>: RateSchedule {
  private let curve: Curve
  private let countsUpdates: Bool
  /// Ticks of the warm-up.
  private let warmup: Int
  /// The rate at the beginning.
  private let start: Double
  /// What each tick of the warm-up adds.
  private let rise: Double

  /// - Parameter ticks: Those of an epoch.
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
