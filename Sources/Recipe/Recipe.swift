import FoundationEssentials
import System

/// Every value that decides a number of a run: same recipe, same data, same build, same losses.
///
/// Both programs read it; `recipe.json` in the output folder is its `document`.
/// `Recipe()` is the reference's recipe, as its flags' defaults give it for one rank. nil is written as `null`.
public struct Recipe: Codable, Equatable, Sendable {
  /// The network.
  public var model = Network()
  /// The images and how they reach the network.
  public var data = Images()
  /// How weights are updated.
  public var optimizer = Optimizer()
  /// How images of a batch are mixed.
  public var mixing = Mixing()
  /// How the learning rate moves.
  public var schedule = Schedule()
  /// What of a network goes on learning, and how fast.
  public var tuning = Tuning()
  /// What it learns by.
  public var loss = Loss()
  /// What is learnt from another network.
  public var distillation = Distillation()
  /// When it is evaluated, and by what it is judged.
  public var judging = Judging()
  /// In what precision the maths runs.
  public var precision = Precision()
  /// The running average of the weights.
  public var ema = Averaging()
  /// Batches whose gradients a rank adds up for one update.
  public var accumulation = 1
  /// Label smoothing in 0..<1: the share of a target spread over all classes.
  public var smoothing = 0.1
  /// How many ranks train together.
  public var worldSize = 1
  /// Seeds the weights, the order of the images, the augmentation and drop path.
  public var seed: UInt64 = 0

  /// The reference's recipe.
  public init() {}

  /// Reads values; those that came later are the defaults where they are not there.
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
  /// `recipe.json`: every value, and the digest of them.
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

  /// Sixteen hexadecimal digits that differ where recipes do, wherever the images lie.
  ///
  /// 64-bit FNV-1a of the values as JSON without white space, keys in alphabetical order. A value that came later than
  /// the others is left out where it is as runs before it had it: theirs are the digests that they wrote.
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

  /// Values that came later than others, and whose defaults are what runs before them did.
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

  /// Where a file of values says nothing of its own.
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
  /// Where another recipe has other values: `data.inputSize 64 → 224`, a line each, in alphabetical order.
  ///
  /// - Parameter names: The dotted names to look at; nil looks at all.
  public func changes(to other: Recipe, among names: Set<String>? = nil) -> [String] {
    zip(tree.leaves(), other.tree.leaves()).compactMap { own, other in
      guard own.value != other.value, names?.contains(own.name) ?? true else { return nil }
      return "\(own.name) \(Self.shown(own.value)) → \(Self.shown(other.value))"
    }
  }

  /// Of a text without end, as many as fit into a line or two: what a file of weights said of a thousand classes.
  private static func shown(_ value: JSONTree) -> String {
    let text = value.description
    return text.count > 160 ? text.prefix(159) + "…" : text
  }
}

/// A value that may be absent, written as `null` then, so that a written recipe names every value.
@propertyWrapper
public struct ExplicitNull<Value: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
  /// The value, or nil.
  public var wrappedValue: Value?

  /// Wraps a value or its absence.
  public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  /// Reads a value or `null`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
  }

  /// Writes the value or `null`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue)
  }
}
