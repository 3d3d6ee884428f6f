/// Every value that decides a number of a run: same recipe, same data, same build, same losses.
///
/// Both programs read it; `recipe.json` in the output folder is its `document`.
/// `Recipe()` is the reference's recipe, as its flags' defaults give it for one rank. nil is written as `null`.
public struct Recipe: Codable, Equatable, Sendable {
  /// The network.
  public var model = Network()
  /// The pictures and how they reach the network.
  public var data = Pictures()
  /// How weights are updated.
  public var optimizer = Optimizer()
  /// How pictures of a batch are mixed.
  public var mixing = Mixing()
  /// How the learning rate moves.
  public var schedule = Schedule()
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
  /// Seeds the weights, the order of the pictures, the augmentation and drop path.
  public var seed: UInt64 = 0

  /// The reference's recipe.
  public init() {}
}
