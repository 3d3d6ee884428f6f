/// A named, row-major, contiguous tensor whose bytes have another owner.
public struct TensorView {
  /// The tensor's key, such as `blocks.0.0.attn.qkv.weight`.
  public let name: String
  /// The type of its elements.
  public let type: ElementType
  /// Its dimensions, outermost first; empty for a single number.
  public let shape: [Int]
  /// Its content, valid as long as the owner keeps it.
  public let bytes: UnsafeRawBufferPointer

  /// The most dimensions, more than any layer's weights have; a file that claims more is refused early.
  static let mostSides = 16

  /// Makes a view of `bytes`, which must have the size of type and shape by the time it is written.
  public init(name: String, type: ElementType, shape: [Int], bytes: UnsafeRawBufferPointer) {
    self.name = name
    self.type = type
    self.shape = shape
    self.bytes = bytes
  }
}

/// Element types, by their names in the safetensors format; numbers are little-endian.
public enum ElementType: String, Sendable, CaseIterable {
  // Signed 64-bit integers. The cases are in the order in which files are written, so that every tensor is
  // aligned to its element size.
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

  /// Bytes per element.
  public var size: Int {
    switch self {
    case .int64, .float64: 8
    case .float32, .int32: 4
    case .bfloat16, .float16: 2
    case .uint8, .bool: 1
    }
  }

  /// The bytes of a tensor of this shape; nil on overflow or a negative dimension.
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

extension TensorView {
  /// The index of the first element that is NaN or infinite; nil if there is none.
  var firstNonFinite: Int? {
    switch type {
    case .float64: firstNonFinite(UInt64.self, mantissa: 52)
    case .float32: firstNonFinite(UInt32.self, mantissa: 23)
    case .float16: firstNonFinite(UInt16.self, mantissa: 10)
    case .bfloat16: firstNonFinite(UInt16.self, mantissa: 7)
    case .int64, .int32, .uint8, .bool: nil
    }
  }

  /// Scans blocks of 64 KiB without branches, at memory bandwidth; only a block with a hit is searched for
  /// the element.
  @inline(__always)
  private func firstNonFinite<Bits: FixedWidthInteger & UnsignedInteger>(
    _: Bits.Type, mantissa: Int
  ) -> Int? {
    let size = MemoryLayout<Bits>.size
    let count = bytes.count / size
    let run = (64 << 10) / size
    let last = (1 as Bits) << mantissa
    for start in stride(from: 0, to: count, by: run) {
      let end = min(count, start + run)
      guard Self.overflows(bytes, start..<end, last) else { continue }
      return (start..<end).first { Self.overflows(bytes, $0..<$0 + 1, last) }
    }
    return nil
  }

  /// Whether an exponent in the range has all bits set: adding one to its last place carries into the sign.
  @inline(__always)
  private static func overflows<Bits: FixedWidthInteger & UnsignedInteger>(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ lastExponentBit: Bits
  ) -> Bool {
    let magnitude = Bits.max >> 1
    var carries: Bits = 0
    for index in range {
      let bits = bytes.loadUnaligned(fromByteOffset: index &* MemoryLayout<Bits>.size, as: Bits.self)
      carries |= (bits & magnitude) &+ lastExponentBit
    }
    return carries & ~magnitude != 0
  }
}

extension TensorView {
  /// Returns this tensor if it is float32 or not floating-point; otherwise a float32 copy, whose bytes are
  /// added to `copies`.
  func asFloat32(keeping copies: inout [OwnedBytes]) -> TensorView {
    let copy: OwnedBytes
    switch type {
    case .float64: copy = converted(from: UInt64.self) { Float(Double(bitPattern: $0)) }
    case .float16: copy = converted(from: UInt16.self, Self.float(half:))
    case .bfloat16: copy = converted(from: UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    case .float32, .int64, .int32, .uint8, .bool: return self
    }
    copies.append(copy)
    return TensorView(name: name, type: .float32, shape: shape, bytes: copy.bytes)
  }

  private func converted<Bits: FixedWidthInteger>(
    from _: Bits.Type, _ convert: (Bits) -> Float
  ) -> OwnedBytes {
    let count = bytes.count / MemoryLayout<Bits>.size
    return OwnedBytes(count: count * 4) { target in
      for index in 0..<count {
        let bits = bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
        target.storeBytes(of: convert(bits), toByteOffset: index * 4, as: Float.self)
      }
    }
  }

  /// Converts IEEE half precision (5-bit exponent, bias 15); not every platform has `Float16`.
  private static func float(half bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let rest = UInt32(bits & 0x7fff) << 13
    let isFinite = bits & 0x7c00 != 0x7c00
    // Scaling by 2^(127-15) corrects the bias and normalises subnormal numbers.
    let magnitude = isFinite ? (Float(bitPattern: rest) * 0x1p112).bitPattern : rest | 0x7f80_0000
    return Float(bitPattern: sign | magnitude)
  }
}
