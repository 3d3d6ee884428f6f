/// Reads the header of a BMP as Pillow's `BmpImagePlugin` does.
func bitmap(_ file: UnsafeBufferPointer<UInt8>) throws(CodecFailure) -> RawImage {
  let fields = LittleEndian(file)
  let headerBytes = try fields.uint32(at: 14)
  let isOld = headerBytes == 12
  guard isOld || (40...124).contains(headerBytes) else {
    throw CodecFailure("its header of \(headerBytes) bytes is of no known kind")
  }
  let width = isOld ? try fields.uint16(at: 18) : try fields.uint32(at: 18)
  // Rows lie from the lowest to the highest unless the height is negative.
  let signedHeight =
    isOld ? try fields.uint16(at: 20) : Int(Int32(truncatingIfNeeded: try fields.uint32(at: 22)))
  let bits = try fields.uint16(at: isOld ? 24 : 28)
  let compression = isOld ? 0 : try fields.uint32(at: 30)
  guard compression == 0 || (compression == 3 && bits == 32) else {
    throw CodecFailure("BMP's compression \(compression) at \(bits) bits a pixel is not read")
  }
  if compression == 3 { try requireUsualMasks(fields) }
  let height = abs(signedHeight)
  guard width <= Int32.max else { throw CodecFailure("its width is negative") }
  // Beyond every limit, where nothing more need be known.
  guard width < 1 << 28, height < 1 << 28 else {
    return RawImage(width: width, height: height, top: 0, stride: 0, rowBytes: 0) {
      _, _ throws(CodecFailure) in .zero
    }
  }
  let start = try fields.uint32(at: 10)
  let stride = (width * bits + 31) / 32 * 4
  let lastRow = start + (height - 1) * stride
  return RawImage(
    width: width, height: height, top: signedHeight < 0 ? start : lastRow,
    stride: signedHeight < 0 ? stride : -stride, rowBytes: (width * bits + 7) / 8,
    color: try colors(fields, bits: bits, palette: 14 + headerBytes, isOld: isOld, end: start))
}

// Red, green and blue of 32 bits where they are without masks too.
private func requireUsualMasks(_ fields: LittleEndian) throws(CodecFailure) {
  for (offset, mask) in [(54, 0xFF0000), (58, 0xFF00), (62, 0xFF)] {
    guard try fields.uint32(at: offset) == mask else {
      throw CodecFailure("BMP's order of colours is not read")
    }
  }
}

private func colors(
  _ fields: LittleEndian, bits: Int, palette: Int, isOld: Bool, end: Int
) throws(CodecFailure) -> (UnsafeBufferPointer<UInt8>, Int) throws(CodecFailure) -> SIMD3<UInt8> {
  switch bits {
  case 24, 32:
    let bytes = bits / 8
    return { row, column throws(CodecFailure) in
      SIMD3(row[column * bytes + 2], row[column * bytes + 1], row[column * bytes])
    }
  case 1, 4, 8:
    let named = isOld ? 0 : try fields.uint32(at: 46)
    let entry = isOld ? 3 : 4
    let count = min(named == 0 ? 1 << bits : named, 1 << bits)
    let table = try fields.bytes(at: palette, count: count * entry)
    return { row, column throws(CodecFailure) in
      let shift = 8 - bits - column * bits % 8
      let number = Int(row[column * bits / 8]) >> shift & (1 << bits - 1)
      guard number < count else { throw CodecFailure("a pixel has a colour that its palette has not") }
      return SIMD3(table[number * entry + 2], table[number * entry + 1], table[number * entry])
    }
  default: throw CodecFailure("BMP of \(bits) bits a pixel is not read")
  }
}

/// Numbers of a file with the lowest byte first.
private struct LittleEndian {
  private let file: UnsafeBufferPointer<UInt8>

  init(_ file: UnsafeBufferPointer<UInt8>) { self.file = file }

  func bytes(at offset: Int, count: Int) throws(CodecFailure) -> UnsafeBufferPointer<UInt8> {
    guard offset + count <= file.count else { throw CodecFailure("Premature end of file") }
    return UnsafeBufferPointer(rebasing: file[offset..<(offset + count)])
  }

  func uint16(at offset: Int) throws(CodecFailure) -> Int {
    let bytes = try bytes(at: offset, count: 2)
    return Int(bytes[0]) | Int(bytes[1]) << 8
  }

  func uint32(at offset: Int) throws(CodecFailure) -> Int {
    try uint16(at: offset) | uint16(at: offset + 2) << 16
  }
}
