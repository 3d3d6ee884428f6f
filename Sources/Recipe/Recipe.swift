import FoundationEssentials
import System

/// Every value that determines a run's results: the same recipe, data and build give the same losses.
///
/// Both programs read it; `recipe.json` in the output folder is its `document`. `Recipe()` is the reference's
/// recipe with its flags' defaults on one rank. nil is written as `null`.
public struct Recipe: Codable, Equatable, Sendable {
  /// The network.
  public var model = Network()
  /// The images and how they reach the network.
  public var data = Images()
  /// How weights are updated.
  public var optimizer = Optimizer()
  /// How a batch's images are mixed.
  public var mixing = Mixing()
  /// The learning rate schedule.
  public var schedule = Schedule()
  /// Which parts of a network learn, and how fast.
  public var tuning = Tuning()
  /// The loss function.
  public var loss = Loss()
  /// Distillation from another network.
  public var distillation = Distillation()
  /// When the network is evaluated, and by which figure.
  public var judging = Judging()
  /// The precision of computation.
  public var precision = Precision()
  /// The running average of the weights.
  public var ema = Averaging()
  /// The batches per rank whose gradients are summed for one update.
  public var accumulation = 1
  /// Label smoothing in 0..<1: the share of a target spread over all classes.
  public var smoothing = 0.1
  /// The number of ranks.
  public var worldSize = 1
  /// The seed of the weights, the order of images, augmentation and drop path.
  public var seed: UInt64 = 0

  /// The reference's recipe.
  public init() {}

  /// Decodes values; those added in later versions have defaults.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    model = try values.decode(Network.self, forKey: .model)
    data = try values.decode(Images.self, forKey: .data)
    optimizer = try values.decode(Optimizer.self, forKey: .optimizer)
    mixing = try values.decode(Mixing.self, forKey: .mixing)
    schedule = try values.decode(Schedule.self, forKey: .schedule)
    try values.readLater(&tuning, .tuning)
    try values.readLater(&loss, .loss)
    try values.readLater(&distillation, .distillation)
    try values.readLater(&judging, .judging)
    precision = try values.decode(Precision.self, forKey: .precision)
    ema = try values.decode(Averaging.self, forKey: .ema)
    accumulation = try values.decode(Int.self, forKey: .accumulation)
    smoothing = try values.decode(Double.self, forKey: .smoothing)
    worldSize = try values.decode(Int.self, forKey: .worldSize)
    seed = try values.decode(UInt64.self, forKey: .seed)
  }
}

extension Recipe {
  /// The content of `recipe.json`: every value, and their digest.
  public var document: String {
    var tree = self.tree
    if case .object(var members) = tree {
      members[Self.digestKey] = .text(digest)
      tree = .object(members)
    }
    let encoder = JSONTree.encoder
    encoder.outputFormatting.insert(.prettyPrinted)
    return Self.text(tree, encoder) + "\n"
  }

  /// Sixteen hexadecimal digits that differ between recipes, wherever the images lie.
  ///
  /// 64-bit FNV-1a of the values as JSON without white space, with sorted keys. A value added in a later
  /// version is left out if it equals the earlier behaviour, so that earlier runs' digests stay valid.
  public var digest: String {
    var placeless = self
    placeless.data.path = ""
    var tree = placeless.tree
    if ema.warmup != true { tree = tree.without("warmup", in: "ema") }
    if precision.kernels == .reference { tree = tree.without("kernels", in: "precision") }
    if precision.sumGroup == nil { tree = tree.without("sumGroup", in: "precision") }
    for name in Self.later where tree.leaf(name) == Self.standard.leaf(name) { tree = tree.without(name) }
    return String(fnv1a(Self.text(tree, JSONTree.encoder).utf8), digits: 16, radix: 16)
  }

  /// Values added in later versions; their defaults are the earlier behaviour.
  private static let later =
    [
      "cycleDecay", "cycleLimit", "cycleMultiplier", "decayEpochs", "decayRate", "milestones", "onUpdates",
      "patience",
    ].map { "schedule.\($0)" }
    + ["frozen", "headRate", "layerDecay", "unfreezeEpoch"].map { "tuning.\($0)" }
    + ["kind", "model", "share", "teacher", "temperature", "weightsOfTeacher"].map { "distillation.\($0)" }
    + ["batchSize", "earlyStop", "interval", "mirrors", "monitor"].map { "judging.\($0)" }
    + [
      "loss.classWeights", "loss.gamma", "loss.kind", "loss.weightsOfFile", "mixing.offEpoch",
      "data.sampling", "data.verticalFlip",
      "data.cropMode", "data.means", "data.deviations", "data.heldOut", "data.imagesHeldOut",
      "data.decodesFast", "data.shardsByHost",
      "optimizer.clipMode",
    ]

  private static let standard = Recipe().tree

  /// The key of the digest in a recipe file; it is ignored on reading.
  static let digestKey = "digest"

  /// All values.
  package var tree: JSONTree {
    do { return try JSONTree(encoding: self) } catch {
      preconditionFailure("a recipe is always JSON: \(error)")
    }
  }

  private static func text(_ tree: JSONTree, _ encoder: JSONEncoder) -> String {
    do {
      return String(decoding: try encoder.encode(tree), as: UTF8.self)
    } catch {
      preconditionFailure("a tree is always JSON: \(error)")
    }
  }
}

extension Recipe {
  /// The values that differ in another recipe, one line each, such as `data.inputSize 64 → 224`, in
  /// alphabetical order.
  ///
  /// - Parameter names: The dotted names to compare; nil compares all.
  public func changes(to other: Recipe, among names: Set<String>? = nil) -> [String] {
    zip(tree.leaves(), other.tree.leaves()).compactMap { own, other in
      guard own.value != other.value, names?.contains(own.name) ?? true else { return nil }
      return "\(own.name) \(Self.shown(own.value)) → \(Self.shown(other.value))"
    }
  }

  /// Cuts a long value to a line or two, such as the weights of a thousand classes.
  private static func shown(_ value: JSONTree) -> String {
    let text = value.description
    return text.count > 160 ? text.prefix(159) + "…" : text
  }
}

/// An optional value that is written as `null` if absent, so that a written recipe names every value.
@propertyWrapper
public struct ExplicitNull<Value: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
  /// The value, or nil.
  public var wrappedValue: Value?

  /// Wraps a value or its absence.
  public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  /// Decodes a value or `null`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
  }

  /// Encodes the value or `null`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue)
  }
}
