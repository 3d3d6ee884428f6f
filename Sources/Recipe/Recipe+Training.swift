extension Recipe {
  /// Names the network and its regularisation.
  public struct Network: Codable, Equatable, Sendable {
    /// A name from `ModelName.all`.
    public var name = "alt_gvt_small"
    /// Chance that an output of a projection or of an MLP's layer is dropped.
    public var dropout = 0.0
    /// Highest drop-path rate; block i of n gets i/(n-1) of it.
    public var dropPath = 0.1

    /// The reference's values.
    public init() {}
  }

  /// The rule of an update, and the gradient's clip.
  public struct Optimizer: Codable, Equatable, Sendable {
    /// The rule of an update.
    public var kind = Kind.adamw
    /// Decay of the weights that decay: decoupled in AdamW, added to the gradient in SGD.
    public var weightDecay = 0.05
    /// AdamW's decay of the running mean of gradients.
    public var beta1 = 0.9
    /// AdamW's decay of the running mean of squared gradients.
    public var beta2 = 0.999
    /// What AdamW adds to the root of the second moment.
    public var epsilon = 1e-8
    /// SGD's and Muon's momentum.
    public var momentum = 0.9
    /// What bounds the gradient, as `clipMode` says; nil leaves it alone.
    @ExplicitNull public var clip: Double? = 5
    /// What is bounded.
    public var clipMode = ClipMode.norm

    /// What of a gradient is bounded.
    public enum ClipMode: String, Codable, Sendable, CaseIterable {
      /// The L2 norm of all of it.
      case norm
      /// Each element.
      case value
      /// The norm of each output's part, by that of its weights (Brock et al. 2021).
      case agc
    }

    /// The rule of an update.
    public enum Kind: String, Codable, Sendable, CaseIterable {
      /// Adam with decoupled weight decay (Loshchilov and Hutter).
      case adamw
      /// Gradient descent with Nesterov's momentum, as timm's `sgd`.
      case sgd
      /// The sign of a running mean (Chen et al. 2023).
      case lion
      /// Adam's step, as long as a parameter's weights (You et al. 2020).
      case lamb
      /// AdamW without what goes against its gradient (Liang et al. 2024).
      case cadamw
      /// Matrices along orthogonal ones (Jordan et al. 2024), all else by AdamW.
      case muon
    }

    /// Whether a parameter's elements depend on one another in an update.
    public var takesWholeParameters: Bool {
      kind == .lamb || kind == .cadamw || kind == .muon || clip != nil && clipMode == .agc
    }

    /// The bound of the whole gradient's norm; nil where there is none.
    public var normLimit: Double? { clipMode == .norm ? clip : nil }

    /// The reference's values.
    public init() {}

    /// Reads values; one that came later is the default where it is not there.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      kind = try values.decode(Kind.self, forKey: .kind)
      weightDecay = try values.decode(Double.self, forKey: .weightDecay)
      beta1 = try values.decode(Double.self, forKey: .beta1)
      beta2 = try values.decode(Double.self, forKey: .beta2)
      epsilon = try values.decode(Double.self, forKey: .epsilon)
      momentum = try values.decode(Double.self, forKey: .momentum)
      clip = try values.decode(ExplicitNull<Double>.self, forKey: .clip).wrappedValue
      try values.readLater(&clipMode, .clipMode)
    }
  }

  /// The AMP level of the reference's vocabulary, and its element type.
  public struct Precision: Codable, Equatable, Sendable {
    /// What runs in reduced precision.
    public var level = Level.O0
    /// The element type of what does.
    public var dtype = ElementType.bfloat16
    /// What gradients are rounded to where they travel between workers.
    public var gradientWire = GradientType.float32
    /// How many consecutive ranks' gradients are added up before the groups' sums are; nil adds up all ranks'.
    @ExplicitNull public var sumGroup: Int? = nil
    /// Whose operations compute a block.
    public var kernels = Kernels.fused

    /// How a network's operations are computed.
    public enum Kernels: String, Codable, Sendable, CaseIterable {
      /// Each half of a block as one operation of our own, where processor and types have it.
      case fused
      /// Every operation by libtorch.
      case reference
    }

    /// Apex's levels.
    public enum Level: String, Codable, Sendable, CaseIterable {
      /// Nothing: everything in float32.
      case O0
      /// Matrix products and convolutions; sums, weights and the residual stream stay in float32.
      case O1
    }

    /// How gradients travel over sockets.
    public enum GradientType: String, Codable, Sendable, CaseIterable {
      /// As they are.
      case float32
      /// Rounded at each worker, half the bytes.
      case bfloat16
      /// Rounded at each worker, half the bytes, up to 65,504.
      case float16
    }

    /// A 16-bit floating-point type.
    public enum ElementType: String, Codable, Sendable, CaseIterable {
      /// The exponent range of float32: needs no loss scale.
      case bfloat16
      /// IEEE half precision: needs a loss scale.
      case float16
    }

    /// Everything in float32.
    public init() {}

    /// Reads values; those from before there were kernels of our own go on by libtorch's, and all ranks were one sum group.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      level = try values.decode(Level.self, forKey: .level)
      dtype = try values.decode(ElementType.self, forKey: .dtype)
      gradientWire = try values.decode(GradientType.self, forKey: .gradientWire)
      sumGroup = try values.decodeIfPresent(ExplicitNull<Int>.self, forKey: .sumGroup)?.wrappedValue
      kernels = try values.decodeIfPresent(Kernels.self, forKey: .kernels) ?? .reference
    }
  }
}
