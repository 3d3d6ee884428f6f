import Foundation
import Recipe

/// PyTorch's `OneCycleLR` in two phases, at every update: up to the peak rate along half a cosine, then down
/// along another.
///
/// The warm-up's share of the epochs is `pct_start`.
struct OneCycle: RateSchedule {
  private let start, peak, minimum: Double
  /// The updates with the highest rate and with the lowest.
  private let top, end: Double

  init(_ schedule: Recipe.Schedule, updates: Int) {
    (start, peak, minimum) = (schedule.warmup, schedule.base, schedule.minimum)
    let share = min(1, Double(schedule.warmupEpochs) / Double(schedule.epochs))
    (top, end) = (share * Double(updates) - 1, Double(updates - 1))
  }

  func rate(update: Int, epoch: Int) -> Double {
    let number = min(Double(update), end)
    return number <= top || top == end
      ? between(start, peak, top > 0 ? number / top : 1)
      : between(peak, minimum, (number - top) / (end - top))
  }

  private func between(_ first: Double, _ last: Double, _ part: Double) -> Double {
    last + (first - last) / 2 * (1 + cos(Double.pi * part))
  }
}
