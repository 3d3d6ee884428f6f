extension Recipe {
  /// The network and its regularisation.
  public struct Network: Codable, Equatable, Sendable {
    /// A name from `ModelName.all`.
    public var name = "alt_gvt_small"
    /// The dropout probability for outputs of projections and MLP layers.
    public var dropout = 0.0
    /// The highest drop-path rate; block i of n gets i/(n-1) of it.
    public var dropPath = 0.1

    /// The reference's values.
    public init() {}
  }

  /// The optimizer and gradient clipping.
  public struct Optimizer: Codable, Equatable, Sendable {
    /// The update rule.
    public var kind = Kind.adamw
    /// Weight decay: decoupled in AdamW, added to the gradient in SGD.
    public var weightDecay = 0.05
    /// AdamW's decay of the running mean of gradients.
    public var beta1 = 0.9
    /// AdamW's decay of the running mean of squared gradients.
    public var beta2 = 0.999
    /// AdamW's ε, added to the root of the second moment.
    public var epsilon = 1e-8
    /// The momentum of SGD and Muon.
    public var momentum = 0.9
    /// The gradient clipping limit, applied as `clipMode` says; nil does not clip.
    @ExplicitNull public var clip: Double? = 5
    /// What is clipped.
    public var clipMode = ClipMode.norm

    /// What gradient clipping limits.
    public enum ClipMode: String, Codable, Sendable, CaseIterable {
      /// The L2 norm of the whole gradient.
      case norm
      /// Each element.
      case value
      /// The norm of each output's gradient, relative to its weights' (adaptive gradient clipping, Brock et
      /// al. 2021).
      case agc
    }

    /// The update rules.
    public enum Kind: String, Codable, Sendable, CaseIterable {
      /// Adam with decoupled weight decay (Loshchilov and Hutter).
      case adamw
      /// Gradient descent with Nesterov momentum, as timm's `sgd`.
      case sgd
      /// Lion: the sign of a running mean (Chen et al. 2023).
      case lion
      /// LAMB: Adam's step, scaled to the norm of a parameter's weights (You et al. 2020).
      case lamb
      /// Cautious AdamW: without elements that go against their gradient (Liang et al. 2024).
      case cadamw
      /// Muon: orthogonalised momentum for matrices (Jordan et al. 2024), AdamW for everything else.
      case muon
    }

    /// Whether an update of an element depends on the whole parameter.
    public var takesWholeParameters: Bool {
      kind == .lamb || kind == .cadamw || kind == .muon || clip != nil && clipMode == .agc
    }

    /// The limit of the whole gradient's norm; nil if there is none.
    public var normLimit: Double? { clipMode == .norm ? clip : nil }

    /// The reference's values.
    public init() {}

    /// Decodes values; those added in later versions have defaults.
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

  /// The precision of computation, with the reference's AMP levels.
  public struct Precision: Codable, Equatable, Sendable {
    /// What runs in reduced precision.
    public var level = Level.O0
    /// The reduced-precision type.
    public var dtype = ElementType.bfloat16
    /// The type to which gradients are rounded on the way between workers.
    public var gradientWire = GradientType.float32
    /// How many consecutive ranks' gradients are summed first, before the groups' sums; nil makes all ranks
    /// one group.
    @ExplicitNull public var sumGroup: Int? = nil
    /// Which library computes a block.
    public var kernels = Kernels.fused

    /// Which library computes the parts of a network.
    public enum Kernels: String, Codable, Sendable, CaseIterable {
      /// The project's kernels for block halves, where processor and types allow it.
      case fused
      /// libtorch, operation by operation.
      case reference
    }

    /// Apex's AMP levels.
    public enum Level: String, Codable, Sendable, CaseIterable {
      /// Nothing: everything is float32.
      case O0
      /// Matrix products and convolutions; sums, weights and the residual stream stay float32.
      case O1
    }

    /// The type of gradients sent over sockets.
    public enum GradientType: String, Codable, Sendable, CaseIterable {
      /// Unrounded.
      case float32
      /// Rounded at each worker; half the bytes.
      case bfloat16
      /// Rounded at each worker; half the bytes, with values up to 65,504.
      case float16
    }

    /// A 16-bit floating-point type.
    public enum ElementType: String, Codable, Sendable, CaseIterable {
      /// Has float32's exponent range, so needs no loss scale.
      case bfloat16
      /// IEEE half precision, which needs a loss scale.
      case float16
    }

    /// Makes values with everything in float32.
    public init() {}

    /// Decodes values; those from before the project had kernels use libtorch, with all ranks as one sum
    /// group.
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
