public import Recipe

/// The state of PyTorch's `ReduceLROnPlateau`: a run's best evaluation, and the rate that follows from it.
///
/// Evaluations count the same on every rank, so all ranks hold equal values; checkpoints store it.
public struct Plateau: Codable, Equatable, Sendable {
  /// The rate of the next epoch, after the warm-up.
  private(set) var rate: Double
  /// The best result so far; nil before the first.
  private(set) var best: Double?
  /// The number of evaluations since the best, none of which was better.
  private(set) var worse = 0

  /// The relative amount by which a result must be better to count.
  private static let threshold = 1e-4
  /// A change of the rate by no more than this is not made.
  private static let leastChange = 1e-8

  /// Makes the state before any evaluation.
  init(rate: Double) { self.rate = rate }

  /// The state for a run that continues with other settings: the rate is as far below its base rate as
  /// before, and the best result is forgotten where another figure is monitored.
  public func continued(from old: Recipe, by new: Recipe) -> Plateau {
    var plateau = self
    if new.schedule.base != old.schedule.base { plateau.rate *= new.schedule.base / old.schedule.base }
    if new.judging.monitor != old.judging.monitor { (plateau.best, plateau.worse) = (nil, 0) }
    return plateau
  }

  /// Takes in the result of an epoch, the higher the better.
  ///
  /// Warm-up epochs do not count, as in timm's `PlateauLRScheduler`.
  public mutating func hear(_ result: Double, after epoch: Int, _ schedule: Recipe.Schedule) {
    guard epoch + 1 > schedule.warmupEpochs else { return }
    if best.map({ result > $0 + abs($0) * Self.threshold }) ?? true {
      (best, worse) = (result, 0)
    } else {
      worse += 1
    }
    guard worse > schedule.patience else { return }
    worse = 0
    let lower = max(rate * schedule.decayRate, schedule.minimum)
    if rate - lower > Self.leastChange { rate = lower }
  }

  /// Whether the values are ones that a run can reach.
  var isSound: Bool { (0...1e38).contains(rate) && (best?.isFinite ?? true) && worse >= 0 && worse < 1 << 31 }
}

extension Recipe.Schedule {
  /// The state with which a run of this schedule begins; nil for other schedules.
  public var newPlateau: Plateau? { kind == .plateau ? Plateau(rate: base) : nil }
}

/// A plateau's rate after a linear warm-up over whole epochs, as timm's `PlateauLRScheduler` in timm's
/// training script.
struct PlateauSchedule: RateSchedule {
  private let schedule: Recipe.Schedule
  private let plateau: Plateau

  init(_ schedule: Recipe.Schedule, _ plateau: Plateau) {
    (self.schedule, self.plateau) = (schedule, plateau)
  }

  func rate(update: Int, epoch: Int) -> Double {
    guard epoch < schedule.warmupEpochs else { return plateau.rate }
    return schedule.warmup
      + Double(epoch) * ((schedule.base - schedule.warmup) / Double(schedule.warmupEpochs))
  }
}
