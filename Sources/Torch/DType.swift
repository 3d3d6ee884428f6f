import CTorch

/// The type of a tensor's elements.
public enum DType: Int32, Sendable {
  /// For pixels.
  case uint8 = 0
  /// For class indices.
  case int64 = 4
  /// For reduced-precision products; overflows at 65,504.
  case float16 = 5
  /// For weights, gradients and sums.
  case float32 = 6
  /// For exact sums of many values.
  case float64 = 7
  /// For reduced-precision products, with the exponent range of float32.
  case bfloat16 = 15

  /// Bytes per element.
  public var size: Int {
    switch self {
    case .uint8: 1
    case .float16, .bfloat16: 2
    case .float32: 4
    case .int64, .float64: 8
    }
  }
}
