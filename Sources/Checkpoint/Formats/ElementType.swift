/// What a tensor's bytes stand for, by the names of the safetensors format; numbers are little-endian.
public enum ElementType: String, Sendable, CaseIterable {
  // In the order in which files are written, so that every tensor lies at a multiple of its element's size.
  /// Signed 64-bit integers.
  case int64 = "I64"
  /// Double precision.
  case float64 = "F64"
  /// Single precision.
  case float32 = "F32"
  /// Signed 32-bit integers.
  case int32 = "I32"
  /// The upper half of a single-precision number.
  case bfloat16 = "BF16"
  /// IEEE half precision.
  case float16 = "F16"
  /// Unsigned bytes.
  case uint8 = "U8"
  /// One byte each, 0 or 1.
  case bool = "BOOL"

  /// Bytes an element takes.
  public var size: Int {
    switch self {
    case .int64, .float64: 8
    case .float32, .int32: 4
    case .bfloat16, .float16: 2
    case .uint8, .bool: 1
    }
  }

  /// Bytes that a tensor of this shape takes; nil where the number does not fit, or a side is negative.
  func byteCount(shape: [Int]) -> Int? {
    var count = size
    for side in shape {
      guard side >= 0 else { return nil }
      let (product, overflows) = count.multipliedReportingOverflow(by: side)
      guard !overflows else { return nil }
      count = product
    }
    return count
  }
}
