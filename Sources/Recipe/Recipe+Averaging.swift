import System

extension Recipe {
  /// An exponential moving average of the weights, evaluated beside them.
  public struct Averaging: Codable, Equatable, Sendable {
    /// Whether there is one.
    public var enabled = false
    /// The part of the average that an update keeps, at most.
    public var decay = 0.99996
    /// Whether the first updates keep less; nil leaves that to the number of updates: `settleAverage`.
    @ExplicitNull public var warmup: Bool? = nil

    /// No average; the decay is timm's.
    public init() {}

    /// Reads an average; one from before there was a warm-up has none.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      enabled = try values.decode(Bool.self, forKey: .enabled)
      decay = try values.decode(Double.self, forKey: .decay)
      warmup =
        values.contains(.warmup)
        ? try values.decode(ExplicitNull<Bool>.self, forKey: .warmup).wrappedValue : false
    }

    /// The part of the average that an update keeps, the run's `updates`-th, counted from 1.
    ///
    /// While it warms up, as TensorFlow's `ExponentialMovingAverage` with a count of updates.
    public func decay(after updates: Int) -> Double {
      warmup == true ? min(decay, Double(1 + updates) / Double(10 + updates)) : decay
    }

    /// Updates after which less than a hundredth of the average is of the weights that it began with: e⁻⁵.
    public var length: Double { 5 / (1 - decay) }
  }

  /// Decides, where nobody has, whether the average warms up: where the run is too short for it to forget its beginning.
  ///
  /// A run that goes on has the recipe of its checkpoint, and so what was decided at its start.
  /// - Parameter updates: What the whole run makes.
  public mutating func settleAverage(updates: Int) {
    guard ema.enabled, ema.warmup == nil else { return }
    ema.warmup = Double(updates) < ema.length
  }

  /// What is averaged and how, for the start of a run; nil where there is no average.
  public func averageLine(updates: Int) -> String? {
    guard ema.enabled else { return nil }
    let share = ema.warmup == true ? "min(\(ema.decay), (1 + t) / (10 + t))" : "\(ema.decay)"
    return
      "Average of the weights (EMA): update t keeps \(share) of it; the run makes \(counted(updates, "update")), "
      + "and \(Int(min(ema.length, 1e15).rounded(.up))) are long enough without a warm-up"
  }
}
