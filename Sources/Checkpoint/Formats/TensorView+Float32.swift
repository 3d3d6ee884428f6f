extension TensorView {
  /// This tensor if it is float32 or holds no fractions; otherwise a float32 copy, whose bytes go to `copies`.
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

  /// IEEE half precision has an exponent of 5 bits with bias 15; `Float16` does not exist on every platform.
  private static func float(half bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let rest = UInt32(bits & 0x7fff) << 13
    let isFinite = bits & 0x7c00 != 0x7c00
    // Scaling by 2^(127-15) mends the bias, and normalises what is subnormal.
    let magnitude = isFinite ? (Float(bitPattern: rest) * 0x1p112).bitPattern : rest | 0x7f80_0000
    return Float(bitPattern: sign | magnitude)
  }
}
