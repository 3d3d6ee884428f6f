public import Recipe

/// The learning rate of every update of a run.
public protocol RateSchedule: Sendable {
  /// The rate of the update that follows `update` others of the run, in an epoch that is counted from 0.
  func rate(update: Int, epoch: Int) -> Double
}

extension RateSchedule {
  /// The mean rate of an epoch's updates; where they are alike, theirs to the bit.
  public func meanRate(of updates: Range<Int>, epoch: Int) -> Double {
    let first = rate(update: updates.lowerBound, epoch: epoch)
    let rest = updates.reduce(0) { $0 + rate(update: $1, epoch: epoch) - first }
    return first + rest / Double(max(1, updates.count))
  }
}

extension Recipe.Schedule {
  /// The rates of a run, each of whose epochs makes so many updates.
  ///
  /// - Parameter plateau: What the run's evaluations have come to; nil before the first, and without a plateau schedule.
  public func rates(updatesOfEpoch: Int, plateau: Plateau?) -> any RateSchedule {
    let ticks = movesWithUpdates ? updatesOfEpoch : 1
    let cycles = Cycles(self, ticks: Double(epochs * ticks))
    return switch kind {
    case .cosine: CurveSchedule(CosineCurve(cycles, from: base, to: minimum), self, ticks: ticks)
    case .tanh: CurveSchedule(TanhCurve(cycles, from: base, to: minimum), self, ticks: ticks)
    case .poly:
      CurveSchedule(PolynomialCurve(cycles, from: base, to: minimum, power: decayRate), self, ticks: ticks)
    case .step:
      CurveSchedule(
        StepCurve(base: base, factor: decayRate, length: decayEpochs * Double(ticks)), self, ticks: ticks)
    case .multistep:
      CurveSchedule(
        MultistepCurve(base: base, factor: decayRate, milestones: milestones.map { $0 * ticks }), self,
        ticks: ticks)
    case .plateau: PlateauSchedule(self, plateau ?? Plateau(rate: base))
    case .onecycle: OneCycle(self, updates: epochs * ticks)
    }
  }
}
