import Foundation
public import Recipe

/// The reference's learning rate: linear warm-up, then half a cosine, one value an epoch.
///
/// timm 0.3.2's `CosineLRScheduler` as Twins drives it: the scheduler is stepped after each epoch, so epoch e runs at
/// `value(e - 1)`, epochs 0 and 1 both run at the warm-up's start, and the cosine is not shifted by the warm-up.
public struct CosineSchedule: Sendable {
  private let schedule: Recipe.Schedule

  /// The schedule of a recipe.
  public init(_ schedule: Recipe.Schedule) { self.schedule = schedule }

  /// The learning rate that epoch `epoch`, counted from 0, runs at.
  public func callAsFunction(epoch: Int) -> Double {
    epoch == 0 ? start : value(epoch - 1)
  }

  private var start: Double { schedule.warmupEpochs > 0 ? schedule.warmup : schedule.base }

  private func value(_ t: Int) -> Double {
    let s = schedule
    if t < s.warmupEpochs {
      return s.warmup + Double(t) * ((s.base - s.warmup) / Double(s.warmupEpochs))
    }
    return s.minimum + 0.5 * (s.base - s.minimum) * (1 + cos(Double.pi * Double(t) / Double(s.epochs)))
  }
}
