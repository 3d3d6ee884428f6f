extension Recipe {
  /// When a run is evaluated, by which figure, and when it stops early.
  public struct Judging: Codable, Equatable, Sendable {
    /// The figure that decides which weights are best, and that plateau schedules and early stopping monitor.
    public var monitor = Monitor.acc1
    /// The number of evaluations without improvement after which the run ends; nil trains all epochs.
    @ExplicitNull public var earlyStop: Int? = nil
    /// The epochs between two evaluations; the last epoch is always evaluated.
    public var interval = 1
    /// Images per rank and evaluation batch; nil for one and a half training batches.
    @ExplicitNull public var batchSize: Int? = nil
    /// Whether an evaluation averages the logits of each image and its mirror image.
    public var mirrors = false

    /// A figure of an evaluation.
    public enum Monitor: String, Codable, Sendable, CaseIterable {
      /// Top-1 accuracy of the weights.
      case acc1
      /// Mean recall of the classes.
      case balanced
      /// Mean loss; lower is better.
      case loss
      /// Top-1 accuracy of the weights' running average.
      case ema

      /// Whether the figure is a top-1 accuracy.
      public var isAccuracy: Bool { self == .acc1 || self == .ema }

      /// The figure's name in a sentence.
      public var title: String {
        switch self {
        case .acc1: "Acc@1"
        case .balanced: "balanced accuracy"
        case .loss: "loss"
        case .ema: "EMA Acc@1"
        }
      }
    }

    /// The reference's values.
    public init() {}
  }

  /// Whether the weights are evaluated after an epoch, from 0.
  public func evaluates(after epoch: Int) -> Bool {
    (epoch + 1).isMultiple(of: judging.interval) || epoch + 1 >= schedule.epochs
  }
}
