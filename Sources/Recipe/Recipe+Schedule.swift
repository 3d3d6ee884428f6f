import System

extension Recipe {
  /// How long training runs, and how the learning rate moves meanwhile.
  public struct Schedule: Codable, Equatable, Sendable {
    /// The shape of the curve.
    public var kind = Kind.cosine
    /// Passes over the training images.
    public var epochs = 300
    /// The first epoch to run, counted from 0; a checkpoint's own wins over it.
    public var startEpoch = 0
    /// Learning rate as it is given: for 512 images an update if it is scaled.
    public var rate = 5e-4
    /// Whether the rate grows with the images an update.
    public var scalesRate = true
    /// Learning rate that the curve starts from: `Recipe.resolvedBase`.
    public var base = 5e-4
    /// Epochs of linear warm-up.
    public var warmupEpochs = 5
    /// Learning rate that the warm-up starts from; never scaled.
    public var warmup = 1e-6
    /// Learning rate that the curve falls to; never scaled.
    public var minimum = 1e-5
    /// Steps after which an epoch ends early; nil runs it whole.
    @ExplicitNull public var stepLimit: Int? = nil
    /// Whether the rate moves with each update and not with each epoch.
    public var onUpdates = false
    /// How many times as long as the cycle before it a cycle is.
    public var cycleMultiplier = 1.0
    /// What each cycle's highest rate is of that of the one before it.
    public var cycleDecay = 0.5
    /// Cycles of a cosine, a tanh or a polynomial that share the epochs.
    public var cycleLimit = 1
    /// Epochs from one step of a step schedule to the next.
    public var decayEpochs = 30.0
    /// What a step or a plateau multiplies the rate by; the power of a polynomial.
    public var decayRate = 0.1
    /// The epochs at which a multistep schedule falls, in rising order.
    public var milestones = [90, 180, 270]
    /// Evaluations in a row without a better result that a plateau waits for.
    public var patience = 10

    /// The shape of the curve, by timm's name; the one cycle is PyTorch's.
    public enum Kind: String, Codable, Sendable, CaseIterable {
      /// Half a cosine.
      case cosine
      /// A hyperbolic tangent.
      case tanh
      /// By a factor each time that so many epochs have passed.
      case step
      /// By a factor at given epochs.
      case multistep
      /// By a factor when the accuracy has not risen for some evaluations.
      case plateau
      /// A power of what is left.
      case poly
      /// Up along half a cosine, and down along another.
      case onecycle
    }

    /// The reference's values.
    public init() {}

    /// Reads values; those that came later are the defaults where they are not there.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      kind = try values.decode(Kind.self, forKey: .kind)
      epochs = try values.decode(Int.self, forKey: .epochs)
      startEpoch = try values.decode(Int.self, forKey: .startEpoch)
      rate = try values.decode(Double.self, forKey: .rate)
      scalesRate = try values.decode(Bool.self, forKey: .scalesRate)
      base = try values.decode(Double.self, forKey: .base)
      warmupEpochs = try values.decode(Int.self, forKey: .warmupEpochs)
      warmup = try values.decode(Double.self, forKey: .warmup)
      minimum = try values.decode(Double.self, forKey: .minimum)
      stepLimit = try values.decode(ExplicitNull<Int>.self, forKey: .stepLimit).wrappedValue
      try values.readLater(&onUpdates, .onUpdates)
      try values.readLater(&cycleMultiplier, .cycleMultiplier)
      try values.readLater(&cycleDecay, .cycleDecay)
      try values.readLater(&cycleLimit, .cycleLimit)
      try values.readLater(&decayEpochs, .decayEpochs)
      try values.readLater(&decayRate, .decayRate)
      try values.readLater(&milestones, .milestones)
      try values.readLater(&patience, .patience)
    }
  }
}

extension KeyedDecodingContainer {
  /// Reads a value that came later than others; where it is not there, what stands there stays.
  func readLater<Value: Decodable>(_ value: inout Value, _ key: Key) throws {
    value = try decodeIfPresent(Value.self, forKey: key) ?? value
  }
}

extension Recipe.Schedule {
  /// Whether it has cycles, which end at the lowest rate.
  package var hasCycles: Bool {
    switch kind {
    case .cosine, .tanh, .poly: true
    case .step, .multistep, .plateau, .onecycle: false
    }
  }

  /// Whether it falls to `minimum` and no further.
  package var hasFloor: Bool { kind != .step && kind != .multistep }

  /// Whether it moves with each update.
  package var movesWithUpdates: Bool { kind == .onecycle || onUpdates && kind != .plateau }

  /// How the rate moves, for the start of a run.
  var path: String {
    let start =
      warmupEpochs > 0 ? "from \(warmup) over \(counted(warmupEpochs, "epoch")), " : ""
    let end = hasCycles && cycleLimit > 1 ? ", in \(cycleLimit) cycles" : ""
    return start + fall + end + (movesWithUpdates ? ", at every update" : "")
  }

  private var fall: String {
    switch kind {
    case .cosine: "down to \(minimum)"
    case .tanh: "down to \(minimum) along a tanh"
    case .poly: "down to \(minimum) by the power \(decayRate) of what is left"
    case .onecycle: "and down to \(minimum) along cosines"
    case .step: "× \(decayRate) every \(decayEpochs) epochs"
    case .multistep: "× \(decayRate) at epochs \(milestones.map(\.description).joined(separator: ", "))"
    case .plateau:
      "× \(decayRate) after more than \(counted(patience, "evaluation")) without a better one, down to \(minimum)"
    }
  }
}
