import System

extension Recipe {
  /// The length of the training, and the learning rate schedule.
  public struct Schedule: Codable, Equatable, Sendable {
    /// The shape of the curve.
    public var kind = Kind.cosine
    /// The number of epochs.
    public var epochs = 300
    /// The first epoch, from 0; a resumed checkpoint overrides it.
    public var startEpoch = 0
    /// The learning rate as given: for 512 images per update if it is scaled.
    public var rate = 5e-4
    /// Whether the rate is scaled with the number of images per update.
    public var scalesRate = true
    /// The learning rate at the start of the curve; computed as `Recipe.resolvedBase`.
    public var base = 5e-4
    /// The number of warm-up epochs, in which the rate rises linearly.
    public var warmupEpochs = 5
    /// The learning rate at the start of the warm-up; never scaled.
    public var warmup = 1e-6
    /// The lowest learning rate of the curve; never scaled.
    public var minimum = 1e-5
    /// The number of steps after which an epoch ends early; nil for whole epochs.
    @ExplicitNull public var stepLimit: Int? = nil
    /// Whether the rate changes with each update instead of each epoch.
    public var onUpdates = false
    /// The length of a cycle relative to the one before it.
    public var cycleMultiplier = 1.0
    /// The peak rate of a cycle relative to the one before it.
    public var cycleDecay = 0.5
    /// The number of cycles of a cosine, tanh or polynomial schedule.
    public var cycleLimit = 1
    /// The epochs between two steps of a step schedule.
    public var decayEpochs = 30.0
    /// The factor of a step or plateau schedule; the power of a polynomial.
    public var decayRate = 0.1
    /// The epochs at which a multistep schedule lowers the rate, in ascending order.
    public var milestones = [90, 180, 270]
    /// The number of evaluations without improvement before a plateau schedule lowers the rate.
    public var patience = 10

    /// The shape of the curve, by timm's names; onecycle is PyTorch's.
    public enum Kind: String, Codable, Sendable, CaseIterable {
      /// Half a cosine.
      case cosine
      /// A hyperbolic tangent.
      case tanh
      /// A factor after every so many epochs.
      case step
      /// A factor at given epochs.
      case multistep
      /// A factor when the monitored figure has not improved for some evaluations.
      case plateau
      /// A power of the remaining time.
      case poly
      /// Up along half a cosine, then down along another.
      case onecycle
    }

    /// The reference's values.
    public init() {}

    /// Decodes values; those added in later versions have defaults.
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
  /// Decodes a value that was added in a later version; keeps the present value if it is missing.
  func readLater<Value: Decodable>(_ value: inout Value, _ key: Key) throws {
    value = try decodeIfPresent(Value.self, forKey: key) ?? value
  }
}

extension Recipe.Schedule {
  /// Whether it has cycles, each ending at the lowest rate.
  package var hasCycles: Bool {
    switch kind {
    case .cosine, .tanh, .poly: true
    case .step, .multistep, .plateau, .onecycle: false
    }
  }

  /// Whether it never falls below `minimum`.
  package var hasFloor: Bool { kind != .step && kind != .multistep }

  /// Whether the rate changes with each update.
  package var movesWithUpdates: Bool { kind == .onecycle || onUpdates && kind != .plateau }

  /// The schedule in words, for the start of a run.
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
