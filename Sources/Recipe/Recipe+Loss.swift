extension Recipe {
  /// What a network learns by.
  public struct Loss: Codable, Equatable, Sendable {
    /// The function of logits and targets.
    public var kind = Kind.crossEntropy
    /// How much less focal loss counts what is nearly right.
    public var gamma = 2.0
    /// What images of a class count: `balanced`, the path of a file of weights, or empty where all count alike.
    public var classWeights = ""
    /// What that file said when the run started: each class with its weight where that is not 1; empty without a file.
    public var weightsOfFile = ""

    /// A function of logits and targets.
    public enum Kind: String, Codable, Sendable, CaseIterable {
      /// Cross-entropy: the classes share a chance of 1.
      case crossEntropy = "ce"
      /// Binary cross-entropy: each class for itself (Wightman et al. 2021; timm's `BinaryCrossEntropy`).
      case binary = "bce"
      /// Focal loss (Lin et al. 2017) over the classes' softmax.
      case focal
    }

    /// The reference's values.
    public init() {}

    /// Reads values; one that came later is the default where it is not there.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      kind = try values.decode(Kind.self, forKey: .kind)
      gamma = try values.decode(Double.self, forKey: .gamma)
      classWeights = try values.decode(String.self, forKey: .classWeights)
      try values.readLater(&weightsOfFile, .weightsOfFile)
    }

    /// The word for weights that make all classes count alike.
    public static let balanced = "balanced"
  }
}
