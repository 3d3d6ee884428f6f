import CTorch

/// What a tensor's elements are.
public enum DType: Int32, Sendable {
  /// Bytes: pixels.
  case uint8 = 0
  /// Class indices.
  case int64 = 4
  /// Reduced-precision products that overflow at 65504.
  case float16 = 5
  /// Weights, gradients, sums.
  case float32 = 6
  /// Exact sums of many values.
  case float64 = 7
  /// Reduced-precision products; the exponent range of float32.
  case bfloat16 = 15

  /// Bytes an element takes.
  public var size: Int {
    switch self {
    case .uint8: 1
    case .float16, .bfloat16: 2
    case .float32: 4
    case .int64, .float64: 8
    }
  }
}
