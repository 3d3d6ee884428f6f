public import Recipe

/// What a run's evaluations have come to, and the rate that follows: the memory of PyTorch's `ReduceLROnPlateau`.
///
/// Evaluations count the same on every rank, so it is the same on all; a checkpoint has it.
public struct Plateau: Codable, Equatable, Sendable {
  /// The rate of the next epoch, once warm.
  private(set) var rate: Double
  /// The best result so far; nil before the first.
  private(set) var best: Double?
  /// Results since, none of which was better.
  private(set) var worse = 0

  /// A result is better where it is by more than this part.
  private static let threshold = 1e-4
  /// A rate that would change by no more than this stays.
  private static let leastChange = 1e-8

  /// Nothing evaluated yet.
  init(rate: Double) { self.rate = rate }

  /// The same for a run that goes on by other values: as far below its rate as below the old one, and with nothing evaluated
  /// yet where another figure decides.
  public func continued(from old: Recipe, by new: Recipe) -> Plateau {
    var plateau = self
    if new.schedule.base != old.schedule.base { plateau.rate *= new.schedule.base / old.schedule.base }
    if new.judging.monitor != old.judging.monitor { (plateau.best, plateau.worse) = (nil, 0) }
    return plateau
  }

  /// Hears what epoch `epoch` of a run came to, the higher the better.
  ///
  /// The epochs of the warm-up are not counted, as in timm's `PlateauLRScheduler`.
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

  /// Whether a run could have come to it.
  var isSound: Bool { (0...1e38).contains(rate) && (best?.isFinite ?? true) && worse >= 0 && worse < 1 << 31 }
}

extension Recipe.Schedule {
  /// What a run with this schedule begins with; nil where nothing is remembered.
  public var newPlateau: Plateau? { kind == .plateau ? Plateau(rate: base) : nil }
}

/// The rate that a plateau's memory says, behind a linear warm-up over whole epochs (timm's `PlateauLRScheduler`, as timm's
/// own program steps it).
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
