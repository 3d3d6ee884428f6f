/// A trained tensor and the name it has in every file.
public struct Parameter {
  /// The key, equal to timm's: `blocks.0.1.attn.sr.weight`.
  public let name: String
  /// The weights, float32, a leaf that asks for a gradient.
  public let tensor: Tensor
  /// Whether weight decay applies to it.
  public let decays: Bool
}

/// How a parameter starts.
public enum Initializer: Sendable {
  /// All one value.
  case constant(Double)
  /// A normal distribution around 0. The reference truncates it at ±2 absolute, a hundred deviations out.
  case normal(Double)
}
