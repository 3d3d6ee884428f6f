/// Reads the header of a BMP as Pillow's `BmpImagePlugin` does.
func bitmap(_ file: UnsafeBufferPointer<UInt8>) throws(CodecFailure) -> RawImage {
  let fields = LittleEndian(file)
  let headerBytes = try fields.uint32(at: 14)
  let isOld = headerBytes == 12
  guard isOld || (40...124).contains(headerBytes) else {
    throw CodecFailure("its header of \(headerBytes) bytes is of no known kind", isUnreadKind: true)
  }
  let width = isOld ? try fields.uint16(at: 18) : try fields.uint32(at: 18)
  // Rows lie bottom to top unless the height is negative.
  let signedHeight =
    isOld ? try fields.uint16(at: 20) : Int(Int32(truncatingIfNeeded: try fields.uint32(at: 22)))
  let bits = try fields.uint16(at: isOld ? 24 : 28)
  let compression = isOld ? 0 : try fields.uint32(at: 30)
  let height = abs(signedHeight)
  guard width <= Int32.max else { throw CodecFailure("its width is negative") }
  // The size exceeds every limit, so the rest of the header does not matter.
  guard width < 1 << 28, height < 1 << 28 else {
    return RawImage(width: width, height: height, top: 0, stride: 0, rowBytes: 0) {
      _, _ throws(CodecFailure) in .zero
    }
  }
  let palette = BitmapPalette(
    at: 14 + headerBytes, entry: isOld ? 3 : 4, named: isOld ? 0 : try fields.uint32(at: 46))
  var start = try fields.uint32(at: 10)
  // Some files give the palette's position in place of the pixels'.
  if start == 14 + headerBytes, bits <= 8 { start += palette.entry * palette.count(bits: bits) }
  let isTopDown = signedHeight < 0
  switch (compression, bits) {
  case (0, _), (3, 16...32):
    let stride = (width * bits + 31) / 32 * 4
    return RawImage(
      width: width, height: height, top: isTopDown ? start : start + (height - 1) * stride,
      stride: isTopDown ? stride : -stride, rowBytes: (width * bits + 7) / 8,
      color: try colors(fields, bits: bits, hasMasks: compression == 3, palette))
  case (1, 8), (2, 4):
    return RawImage(
      width: width, height: height, top: isTopDown ? 0 : (height - 1) * width,
      stride: isTopDown ? width : -width, rowBytes: width,
      color: try palette.colors(fields, bits: bits, stored: 8)
    ) { file, rows throws(CodecFailure) in
      let runs = RunLengths(file, at: start, isFourBit: bits == 4, width: width)
      try runs.layOut(rows)
    }
  default:
    throw CodecFailure(
      "BMP's compression \(compression) at \(bits) bits a pixel is not read", isUnreadKind: true)
  }
}

/// Reads the colour of the pixel at a column of a row's bytes.
private typealias Color =
  (_ row: UnsafeBufferPointer<UInt8>, _ column: Int) throws(CodecFailure) -> SIMD3<UInt8>

private func colors(
  _ fields: LittleEndian, bits: Int, hasMasks: Bool, _ palette: BitmapPalette
) throws(CodecFailure) -> Color {
  switch bits {
  case 1, 4, 8: return try palette.colors(fields, bits: bits, stored: bits)
  case 16: return try sixteenBits(fields, hasMasks: hasMasks)
  case 24, 32:
    let bytes = bits / 8
    let (red, green, blue) = hasMasks ? try places(fields, of: bytes) : (2, 1, 0)
    return { row, column throws(CodecFailure) in
      let pixel = column * bytes
      return SIMD3(row[pixel + red], row[pixel + green], row[pixel + blue])
    }
  default: throw CodecFailure("BMP of \(bits) bits a pixel is not read", isUnreadKind: true)
  }
}

// The byte of each colour in a pixel; each mask must cover one byte.
private func places(_ fields: LittleEndian, of bytes: Int) throws(CodecFailure) -> (Int, Int, Int) {
  let masks = try fields.masks()
  guard masks != [0, 0, 0] else { return (2, 1, 0) }
  let places = masks.map { mask in (0..<bytes).first { mask == 0xFF << (8 * $0) } }
  guard let red = places[0], let green = places[1], let blue = places[2] else {
    throw CodecFailure("BMP's order of colours is not read", isUnreadKind: true)
  }
  return (red, green, blue)
}

// Five bits per colour, or six for green.
private func sixteenBits(_ fields: LittleEndian, hasMasks: Bool) throws(CodecFailure) -> Color {
  let masks = hasMasks ? try fields.masks() : [0x7C00, 0x3E0, 0x1F]
  guard masks == [0x7C00, 0x3E0, 0x1F] || masks == [0xF800, 0x7E0, 0x1F] else {
    throw CodecFailure("BMP's order of colours is not read", isUnreadKind: true)
  }
  return { row, column throws(CodecFailure) in
    let pixel = Int(row[2 * column]) | Int(row[2 * column + 1]) << 8
    func level(_ mask: Int) -> UInt8 { UInt8((pixel & mask) * 255 / mask) }
    return SIMD3(level(masks[0]), level(masks[1]), level(masks[2]))
  }
}

/// A BMP's palette of blue, green and red.
private struct BitmapPalette {
  let start: Int
  /// Bytes per entry.
  let entry: Int
  /// The number of entries in the header; 0 means as many as the bits can index.
  let named: Int

  init(at start: Int, entry: Int, named: Int) { (self.start, self.entry, self.named) = (start, entry, named) }

  func count(bits: Int) -> Int { min(named == 0 ? 1 << bits : named, 1 << bits) }

  /// Reads pixels that index the palette; `stored` bits of a row make one pixel.
  func colors(_ fields: LittleEndian, bits: Int, stored: Int) throws(CodecFailure) -> Color {
    let (count, entry) = (count(bits: bits), entry)
    let table = try fields.bytes(at: start, count: count * entry)
    return { row, column throws(CodecFailure) in
      let shift = 8 - stored - column * stored % 8
      let number = Int(row[column * stored / 8]) >> shift & (1 << stored - 1)
      // Entries beyond the palette are black.
      guard number < count else { return .zero }
      return SIMD3(table[number * entry + 2], table[number * entry + 1], table[number * entry])
    }
  }
}

/// A file's little-endian numbers.
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

  /// The bit masks of red, green and blue.
  func masks() throws(CodecFailure) -> [Int] {
    [try uint32(at: 54), try uint32(at: 58), try uint32(at: 62)]
  }
}
