extension Recipe {
  /// When a run is evaluated, by what it is judged, and when it ends for want of anything better.
  public struct Judging: Codable, Equatable, Sendable {
    /// What decides which weights are the best, and what a plateau and an early stop wait for.
    public var monitor = Monitor.acc1
    /// Evaluations in a row without a better result after which the run ends; nil for all epochs.
    @ExplicitNull public var earlyStop: Int? = nil
    /// Epochs from one evaluation to the next; the last epoch is always evaluated.
    public var interval = 1
    /// Images that a rank evaluates at once; nil for one and a half training batches.
    @ExplicitNull public var batchSize: Int? = nil
    /// Whether an evaluation takes the mean of an image's logits and those of its mirror image.
    public var mirrors = false

    /// A figure of an evaluation.
    public enum Monitor: String, Codable, Sendable, CaseIterable {
      /// Acc@1 of the weights.
      case acc1
      /// Mean recall of the classes.
      case balanced
      /// The mean loss, which is to fall.
      case loss
      /// Acc@1 of the average of the weights.
      case ema

      /// Whether it is Acc@1, of the weights or of their average.
      public var isAccuracy: Bool { self == .acc1 || self == .ema }

      /// What it is called in a sentence.
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

  /// Whether the weights are evaluated after an epoch, counted from 0.
  public func evaluates(after epoch: Int) -> Bool {
    (epoch + 1).isMultiple(of: judging.interval) || epoch + 1 >= schedule.epochs
  }
}
