import System

extension Recipe {
  /// An exponential moving average of the weights, evaluated beside them.
  public struct Averaging: Codable, Equatable, Sendable {
    /// Whether there is one.
    public var enabled = false
    /// The largest fraction of the average that an update keeps.
    public var decay = 0.99996
    /// Whether early updates keep less; nil decides by the number of updates in `settleAverage`.
    @ExplicitNull public var warmup: Bool? = nil

    /// Makes values without an average; the decay is timm's.
    public init() {}

    /// Decodes values; without a warm-up if they are older than that.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      enabled = try values.decode(Bool.self, forKey: .enabled)
      decay = try values.decode(Double.self, forKey: .decay)
      warmup =
        values.contains(.warmup)
        ? try values.decode(ExplicitNull<Bool>.self, forKey: .warmup).wrappedValue : false
    }

    /// The fraction of the average that the run's update number `updates`, from 1, keeps.
    ///
    /// The warm-up is that of TensorFlow's `ExponentialMovingAverage` with `num_updates`.
    public func decay(after updates: Int) -> Double {
      warmup == true ? min(decay, Double(1 + updates) / Double(10 + updates)) : decay
    }

    /// The updates after which less than a hundredth of the initial weights is left: e⁻⁵.
    public var length: Double { 5 / (1 - decay) }
  }

  /// Decides whether the average warms up, if the user has not: it does if the run is too short to forget the
  /// initial weights.
  ///
  /// A resumed run has its checkpoint's recipe, and so the decision made at its start.
  /// - Parameter updates: The updates of the whole run.
  public mutating func settleAverage(updates: Int) {
    guard ema.enabled, ema.warmup == nil else { return }
    ema.warmup = Double(updates) < ema.length
  }

  /// The average in words, for the start of a run; nil if there is none.
  public func averageLine(updates: Int) -> String? {
    guard ema.enabled else { return nil }
    let share = ema.warmup == true ? "min(\(ema.decay), (1 + t) / (10 + t))" : "\(ema.decay)"
    return
      "Average of the weights (EMA): update t keeps \(share) of it; the run makes \(counted(updates, "update")), "
      + "and \(Int(min(ema.length, 1e15).rounded(.up))) are long enough without a warm-up"
  }
}
