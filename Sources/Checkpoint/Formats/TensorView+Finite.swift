extension TensorView {
  /// The index of the first element that is NaN or infinite; nil where all are numbers, or where none could be else.
  var firstNonFinite: Int? {
    switch type {
    case .float64: firstNonFinite(UInt64.self, mantissa: 52)
    case .float32: firstNonFinite(UInt32.self, mantissa: 23)
    case .float16: firstNonFinite(UInt16.self, mantissa: 10)
    case .bfloat16: firstNonFinite(UInt16.self, mantissa: 7)
    case .int64, .int32, .uint8, .bool: nil
    }
  }

  /// Runs of 64 KiB without a branch inside, so that they are read at the speed of memory; the element is looked for in one.
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

  /// Whether an exponent in the range has all bits set: one more in its last place carries into the sign's.
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

extension TensorFile {
  /// Throws, naming the tensor, where one holds NaN or infinity: such a state can never be trained on.
  func checkIsFinite(in folder: String) throws(CheckpointError) {
    for tensor in tensors {
      guard let index = tensor.firstNonFinite else { continue }
      throw .badTensor(
        path: "\(folder)/\(name).\(StoredCheckpoint.tensorFileEnding)", tensor: tensor.name,
        reason:
          "element \(index) is NaN or infinite, so nothing was written; the earlier version is untouched")
    }
  }
}
