import Collective
import Torch

/// A launched step; on a card its update and results may still be on their way.
public struct LaunchedStep {
  /// The results, as far as the host knows them.
  enum Outcome {
    case known(loss: Double, gradientNorm: Double)
    /// On a card: the losses of the step's parts and the norm of its gradient are being read back. The step
    /// may need the cards of the group's other ranks.
    case coming(Readback, with: any ProcessGroup)
  }

  let epoch: Int
  let updates: Int
  let learningRate: Double
  /// The union of all ranks' signals: all ranks stop or save after the same step.
  public let signals: RankSignals
  let phases: [StepPhase: Double]
  let communication: CommunicationTime
  let outcome: Outcome

  /// Whether the results are already on the host.
  public var isKnown: Bool { if case .known = outcome { true } else { false } }

  /// Waits for the results and returns them.
  ///
  /// Throws `TrainingError.diverged` where the loss or gradient is not finite: then neither this step nor a
  /// later one has changed a weight.
  public func record() throws(TrainingError) -> StepRecord {
    switch outcome {
    case .known(let loss, let gradientNorm): return record(loss, gradientNorm)
    case .coming(let readback, let group):
      try readback.wait(besides: group)
      let numbers = readback.numbers()
      let (loss, gradientNorm) = (mean(numbers.dropLast()), numbers[numbers.count - 1])
      guard loss.isFinite, gradientNorm.isFinite else {
        throw .diverged(loss: loss, gradientNorm: gradientNorm)
      }
      return record(loss, gradientNorm)
    }
  }

  private func record(_ loss: Double, _ gradientNorm: Double) -> StepRecord {
    StepRecord(
      epoch: epoch, updates: updates, loss: loss, learningRate: learningRate, gradientNorm: gradientNorm,
      signals: signals, phases: phases, communication: communication)
  }
}

/// The mean of the losses of a step's parts.
func mean(_ losses: some Collection<Double>) -> Double {
  let share = 1 / Double(losses.count)
  return losses.reduce(0) { $0 + share * $1 }
}
