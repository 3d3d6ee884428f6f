/// The results of a step: numbers that all ranks share, and this rank's times.
///
/// `Trainer.step` returns it; whoever runs the steps adds what only it knows and passes it to every
/// `StepObserver`.
public struct StepRecord: Equatable, Sendable {
  /// The epoch, counted from 0.
  public let epoch: Int
  /// Updates of the run, including this one unless it was skipped.
  public let updates: Int
  /// Mean loss of the step over all ranks.
  public let loss: Double
  /// The learning rate of the update.
  public let learningRate: Double
  /// L2 norm of the averaged gradient, before clipping; not finite where the step was skipped.
  public let gradientNorm: Double
  /// The union of all ranks' signals: all ranks stop or save after the same step.
  public let signals: RankSignals
  /// This rank's seconds in each phase.
  public let phases: [StepPhase: Double]
  /// The time of this rank's exchanges.
  public let communication: CommunicationTime

  /// The position in the epoch after this step.
  public var place = PartialEpoch()
  /// The number of steps of the epoch.
  public var epochSteps = 0
  /// The images of all ranks in the step.
  public var images = 0
  /// Seconds that this rank waited for the batch.
  public var dataSeconds = 0.0
  /// Seconds from asking for the batch to having the updated weights.
  public var stepSeconds = 0.0
  /// Seconds for which a checkpoint delayed training after the step; nil where none began.
  public var stallSeconds: Double?
}

/// An epoch as it begins and as it ends.
public struct EpochRecord: Equatable, Sendable {
  /// The epoch, from 0.
  public let epoch: Int
  /// The mean learning rate of the epoch's updates.
  public let learningRate: Double
  /// The number of the epoch's steps.
  public let steps: Int
  /// The position in the epoch.
  public var place: PartialEpoch

  /// Makes a record.
  public init(epoch: Int, learningRate: Double, steps: Int, place: PartialEpoch) {
    self.epoch = epoch
    self.learningRate = learningRate
    self.steps = steps
    self.place = place
  }
}
