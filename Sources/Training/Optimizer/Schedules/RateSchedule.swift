public import Recipe

/// The learning rate of every update of a run.
public protocol RateSchedule: Sendable {
  /// The rate of the run's update number `update`, from 0, in epoch `epoch`, from 0.
  func rate(update: Int, epoch: Int) -> Double
}

extension RateSchedule {
  /// The mean rate of an epoch's updates; where all are equal, that rate to the bit.
  public func meanRate(of updates: Range<Int>, epoch: Int) -> Double {
    let first = rate(update: updates.lowerBound, epoch: epoch)
    let rest = updates.reduce(0) { $0 + rate(update: $1, epoch: epoch) - first }
    return first + rest / Double(max(1, updates.count))
  }
}

extension Recipe.Schedule {
  /// Makes the schedule of a run with `updatesOfEpoch` updates in each epoch.
  ///
  /// - Parameter plateau: The state of a plateau schedule; nil with another schedule.
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
