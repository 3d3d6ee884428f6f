extension Recipe {
  /// The loss function.
  public struct Loss: Codable, Equatable, Sendable {
    /// The kind of loss function.
    public var kind = Kind.crossEntropy
    /// The exponent of focal loss, which reduces the loss of well-classified images.
    public var gamma = 2.0
    /// The class weights: `balanced`, the path of a file, or empty for equal weights.
    public var classWeights = ""
    /// That file's content when the run started: each class with a weight other than 1; empty without a file.
    public var weightsOfFile = ""

    /// The kinds of loss functions.
    public enum Kind: String, Codable, Sendable, CaseIterable {
      /// Cross-entropy over a softmax of the classes.
      case crossEntropy = "ce"
      /// Binary cross-entropy for each class separately (Wightman et al. 2021; timm's `BinaryCrossEntropy`).
      case binary = "bce"
      /// Focal loss (Lin et al. 2017) over the classes' softmax.
      case focal
    }

    /// The reference's values.
    public init() {}

    /// Decodes values; those added in later versions have defaults.
    public init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      kind = try values.decode(Kind.self, forKey: .kind)
      gamma = try values.decode(Double.self, forKey: .gamma)
      classWeights = try values.decode(String.self, forKey: .classWeights)
      try values.readLater(&weightsOfFile, .weightsOfFile)
    }

    /// The word for class weights inversely proportional to the number of images.
    public static let balanced = "balanced"
  }
}
