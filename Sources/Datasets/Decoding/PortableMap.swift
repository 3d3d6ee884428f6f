/// Reads the header of a PBM, PGM or PPM as Pillow's `PpmImagePlugin` does: P1 to P3 are texts, P4 to P6
/// binary.
func portableMap(_ file: UnsafeBufferPointer<UInt8>) throws(CodecFailure) -> RawImage {
  var words = Words(file)
  let kind = file.count > 1 ? Int(file[1]) - 48 : 0
  let width = try words.number(atMost: 1 << 31)
  let height = try words.number(atMost: 1 << 31)
  if kind == 1 || kind == 4 { return try bitMap(width, height, words, isText: kind == 1) }
  let most = try words.number(atMost: 65_535)
  guard most > 0 else { throw CodecFailure("its greatest value is 0") }
  let channels = kind % 3 == 0 ? 3 : 1
  let levels = Levels(most: most, isGrey: channels == 1)
  let bytes = width * channels * levels.bytes
  var image = RawImage(width: width, height: height, top: words.place, stride: bytes, rowBytes: bytes) {
    row, column throws(CodecFailure) in
    guard channels == 3 else { return SIMD3(repeating: levels.level(of: row, column)) }
    return SIMD3(
      levels.level(of: row, 3 * column), levels.level(of: row, 3 * column + 1),
      levels.level(of: row, 3 * column + 2))
  }
  if kind <= 3 {
    image.top = 0
    // Each number takes at least a digit and a space.
    try words.require(width, height, 2 * channels)
    image.layOut = { _, samples throws(CodecFailure) in
      var words = words
      for at in stride(from: 0, to: samples.count, by: levels.bytes) {
        levels.store(try words.number(atMost: most), at: at, in: samples)
      }
    }
  }
  return image
}

// In a bitmap 1 means ink, so black.
private func bitMap(
  _ width: Int, _ height: Int, _ words: Words, isText: Bool
) throws(CodecFailure) -> RawImage {
  let bytes = isText ? width : (width + 7) / 8
  var image = RawImage(width: width, height: height, top: words.place, stride: bytes, rowBytes: bytes) {
    row, column throws(CodecFailure) in
    let ink = isText ? row[column] : row[column / 8] >> UInt8(7 - column % 8) & 1
    return SIMD3(repeating: ink == 1 ? 0 : 255)
  }
  if isText {
    image.top = 0
    try words.require(width, height, 1)
    image.layOut = { _, pixels throws(CodecFailure) in
      var words = words
      for at in pixels.indices { pixels[at] = try words.bit() }
    }
  }
  return image
}

/// Maps values whose maximum is not 255.
private struct Levels {
  let most: Int
  /// Pillow keeps 16-bit grey unscaled until `convert("RGB")`, which clips it at 255.
  let isGrey: Bool

  var bytes: Int { most > 255 ? 2 : 1 }

  func level(of row: UnsafeBufferPointer<UInt8>, _ sample: Int) -> UInt8 {
    let value = bytes == 1 ? Int(row[sample]) : Int(row[2 * sample]) << 8 | Int(row[2 * sample + 1])
    if most == 255 { return UInt8(value) }
    let top = isGrey && bytes == 2 ? 65_535.0 : 255.0
    let scaled = (Double(value) / Double(most) * top).rounded(.toNearestOrEven)
    return UInt8(min(255, min(top, scaled)))
  }

  /// Stores a value as the binary formats do.
  func store(_ value: Int, at place: Int, in samples: UnsafeMutableBufferPointer<UInt8>) {
    if bytes == 2 { samples[place] = UInt8(value >> 8) }
    samples[place + bytes - 1] = UInt8(truncatingIfNeeded: value)
  }
}

/// Numbers separated by spaces and comments.
private struct Words {
  private let file: UnsafeBufferPointer<UInt8>
  /// The position after the last number and the single space behind it.
  private(set) var place = 2

  init(_ file: UnsafeBufferPointer<UInt8>) { self.file = file }

  /// Throws if the file is too short for this many bytes per pixel; the last number may lack its space.
  func require(_ width: Int, _ height: Int, _ bytes: Int) throws(CodecFailure) {
    guard width < 1 << 28, height < 1 << 28 else { return }
    guard width * height * bytes <= file.count - place + 1 else {
      throw CodecFailure("Premature end of file")
    }
  }

  /// Reads a number that is followed by a space or the end of the file.
  mutating func number(atMost most: Int) throws(CodecFailure) -> Int {
    var value = 0
    var digits = 0
    while let byte = next() {
      if byte == UInt8(ascii: "#") {
        skipComment()
      } else if Self.spaces.contains(byte) {
        if digits > 0 { return value }
      } else {
        guard (48...57).contains(byte) else { throw CodecFailure("it has something else than numbers") }
        value = value * 10 + Int(byte) - 48
        digits += 1
        guard value <= most else { throw CodecFailure("one of its numbers is too large") }
      }
    }
    guard digits > 0 else { throw CodecFailure("Premature end of file") }
    return value
  }

  /// Reads a single digit, which need not be followed by a space.
  mutating func bit() throws(CodecFailure) -> UInt8 {
    while let byte = next() {
      if byte == UInt8(ascii: "#") {
        skipComment()
      } else if !Self.spaces.contains(byte) {
        guard (48...49).contains(byte) else { throw CodecFailure("it has something else than bits") }
        return byte - 48
      }
    }
    throw CodecFailure("Premature end of file")
  }

  private mutating func next() -> UInt8? {
    guard place < file.count else { return nil }
    defer { place += 1 }
    return file[place]
  }

  private mutating func skipComment() {
    while let byte = next(), byte != 10, byte != 13 {}
  }

  private static let spaces: Set<UInt8> = [9, 10, 11, 12, 13, 32]
}
