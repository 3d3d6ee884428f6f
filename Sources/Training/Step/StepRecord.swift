/// What a step leaves: numbers that all ranks share, and times that are this rank's.
///
/// `Trainer.step` returns it; who runs the steps adds what only it knows, and gives it to every `StepObserver`.
public struct StepRecord: Equatable, Sendable {
  /// The epoch, counted from 0.
  public let epoch: Int
  /// Updates of the run, this step's included unless it was skipped.
  public let updates: Int
  /// Mean loss of the step over all ranks.
  public let loss: Double
  /// The rate of its update.
  public let learningRate: Double
  /// L2 norm of the averaged gradient, before clipping; not finite where the step was skipped.
  public let gradientNorm: Double
  /// What any rank was asked for or is busy with: then all stop or save here, after the same step.
  public let signals: RankSignals
  /// Seconds of this rank in each phase.
  public let phases: [StepPhase: Double]
  /// What exchanging took on this rank.
  public let communication: CommunicationTime

  /// How far the epoch is with it.
  public var place = PartialEpoch()
  /// Steps that the epoch has.
  public var epochSteps = 0
  /// Images of all ranks in it.
  public var images = 0
  /// Seconds that this rank waited for the batch.
  public var dataSeconds = 0.0
  /// Seconds from asking for the batch to having the updated weights.
  public var stepSeconds = 0.0
  /// Seconds for which a checkpoint held training up after it; nil where none was begun.
  public var stallSeconds: Double?
}

/// An epoch, as it begins and as it ends.
public struct EpochRecord: Equatable, Sendable {
  /// Which one, counted from 0.
  public let epoch: Int
  /// The mean rate of its updates.
  public let learningRate: Double
  /// Steps that it has.
  public let steps: Int
  /// How far it is.
  public var place: PartialEpoch

  /// An epoch at a place.
  public init(epoch: Int, learningRate: Double, steps: Int, place: PartialEpoch) {
    self.epoch = epoch
    self.learningRate = learningRate
    self.steps = steps
    self.place = place
  }
}
