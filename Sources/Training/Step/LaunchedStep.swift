import Collective
import Torch

/// A step whose update is made, or on its way on a card; what it comes to may not be known yet.
public struct LaunchedStep {
  /// What is known of it on the host.
  enum Outcome {
    case known(loss: Double, gradientNorm: Double)
    /// On a card: the losses of its parts, and then the norm of its gradient, are on their way from there. What it does may
    /// need the cards of the other ranks of a group.
    case coming(Readback, with: any ProcessGroup)
  }

  let epoch: Int
  let updates: Int
  let learningRate: Double
  /// What any rank was asked for or is busy with: then all stop or save here, after the same step.
  public let signals: RankSignals
  let phases: [StepPhase: Double]
  let communication: CommunicationTime
  let outcome: Outcome

  /// Whether nobody need wait for what it comes to.
  public var isKnown: Bool { if case .known = outcome { true } else { false } }

  /// What it comes to, once that is known.
  ///
  /// Throws `TrainingError.diverged` where its loss or gradient is not finite: neither it nor a later step has changed a
  /// weight then.
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

/// The mean loss of a step of those of its parts.
func mean(_ losses: some Collection<Double>) -> Double {
  let share = 1 / Double(losses.count)
  return losses.reduce(0) { $0 + share * $1 }
}
