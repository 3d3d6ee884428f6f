/// Every value that decides a number of a run: same recipe, same data, same build, same losses.
///
/// Both programs read it; `recipe.json` in the output folder is this value, encoded.
/// `Recipe()` is the reference's recipe, as its flags' defaults give it for one rank.
public struct Recipe: Codable, Equatable, Sendable {
  /// The network.
  public var model = Network()
  /// The pictures and how they reach the network.
  public var data = Pictures()
  /// How weights are updated.
  public var optimizer = Optimizer()
  /// How the learning rate moves.
  public var schedule = Schedule()
  /// In what precision the maths runs.
  public var precision = Precision.float32
  /// Label smoothing in 0..<1: the share of a target spread over all classes.
  public var smoothing = 0.1
  /// How many ranks train together.
  public var worldSize = 1
  /// Seeds the weights, the order of the pictures, the augmentation and drop path.
  public var seed: UInt64 = 0

  /// Names the network and its regularisation.
  public struct Network: Codable, Equatable, Sendable {
    /// A name from `ModelName.all`.
    public var name = "alt_gvt_small"
    /// Highest drop-path rate; block i of n gets i/(n-1) of it.
    public var dropPath = 0.1

    /// The reference's values.
    public init() {}
  }

  /// The folder, the batch and the transforms.
  public struct Pictures: Codable, Equatable, Sendable {
    /// The folder that holds `train/` and `val/`.
    public var path = ""
    /// Side of the square pictures that the network sees, in pixels.
    public var inputSize = 224
    /// Pictures a rank takes in one step.
    public var batchSize = 64
    /// Whether an epoch goes through the pictures in a random order.
    public var shuffles = true
    /// Whether training pictures are cropped and flipped at random.
    public var augments = true
    /// Smallest and largest part of a picture's area that a random crop keeps.
    public var cropScale = [0.08, 1]
    /// Narrowest and widest shape of a random crop, width over height.
    public var cropRatio = [3.0 / 4, 4.0 / 3]
    /// Chance of a horizontal flip.
    public var flip = 0.5
    /// Part of the shorter side that the evaluation crop keeps.
    public var cropPercent = 0.875

    /// The reference's values.
    public init() {}
  }

  /// AdamW and the gradient's clip.
  public struct Optimizer: Codable, Equatable, Sendable {
    /// Decoupled decay of the weights that decay.
    public var weightDecay = 0.05
    /// Decay of the running mean of gradients.
    public var beta1 = 0.9
    /// Decay of the running mean of squared gradients.
    public var beta2 = 0.999
    /// Added to the root of the second moment.
    public var epsilon = 1e-8
    /// Largest L2 norm of the whole gradient; nil leaves it alone.
    public var clip: Double? = 5

    /// The reference's values.
    public init() {}
  }

  /// The reference's cosine with linear warm-up, one value an epoch.
  public struct Schedule: Codable, Equatable, Sendable {
    /// Passes over the training pictures.
    public var epochs = 300
    /// Learning rate that the cosine starts from, already scaled by batch × ranks / 512 unless scaling is off.
    public var base = 5e-4
    /// Epochs of linear warm-up.
    public var warmupEpochs = 5
    /// Learning rate that the warm-up starts from.
    public var warmup = 1e-6
    /// Learning rate that the cosine falls to.
    public var minimum = 1e-5
    /// Steps after which an epoch ends early; nil runs it whole.
    public var stepLimit: Int?

    /// The reference's values.
    public init() {}
  }

  /// The AMP level of the reference's vocabulary.
  public enum Precision: String, Codable, Sendable, CaseIterable {
    /// Everything in float32.
    case float32
    /// Products in bfloat16, sums and weights in float32.
    case bfloat16
  }

  /// The reference's recipe.
  public init() {}
}
