/// Reads the header of a PBM, PGM or PPM in its binary form as Pillow's `PpmImagePlugin` does.
func portableMap(_ file: UnsafeBufferPointer<UInt8>) throws(CodecFailure) -> RawImage {
  var words = Words(file)
  let kind = file.count > 1 ? file[1] : 0
  let width = try words.number(atMost: 1 << 31)
  let height = try words.number(atMost: 1 << 31)
  guard kind != UInt8(ascii: "4") else {
    let bytes = (width + 7) / 8
    return RawImage(width: width, height: height, top: words.place, stride: bytes, rowBytes: bytes) {
      row, column throws(CodecFailure) in
      // Ink is 1, and black.
      SIMD3(repeating: row[column / 8] >> UInt8(7 - column % 8) & 1 == 1 ? 0 : 255)
    }
  }
  let most = try words.number(atMost: 65_535)
  guard most > 0 else { throw CodecFailure("its greatest value is 0") }
  let channels = kind == UInt8(ascii: "6") ? 3 : 1
  let levels = Levels(most: most, isGrey: channels == 1)
  let bytes = width * channels * levels.bytes
  return RawImage(width: width, height: height, top: words.place, stride: bytes, rowBytes: bytes) {
    row, column throws(CodecFailure) in
    guard channels == 3 else { return SIMD3(repeating: levels.level(of: row, column)) }
    return SIMD3(
      levels.level(of: row, 3 * column), levels.level(of: row, 3 * column + 1),
      levels.level(of: row, 3 * column + 2))
  }
}

/// What values up to another greatest one than 255 mean.
private struct Levels {
  let most: Int
  /// Pillow keeps grey of 16 bits whole until `convert("RGB")`, which clips it at 255.
  let isGrey: Bool

  var bytes: Int { most > 255 ? 2 : 1 }

  func level(of row: UnsafeBufferPointer<UInt8>, _ sample: Int) -> UInt8 {
    let value = bytes == 1 ? Int(row[sample]) : Int(row[2 * sample]) << 8 | Int(row[2 * sample + 1])
    if most == 255 { return UInt8(value) }
    let top = isGrey && bytes == 2 ? 65_535.0 : 255.0
    let scaled = (Double(value) / Double(most) * top).rounded(.toNearestOrEven)
    return UInt8(min(255, min(top, scaled)))
  }
}

/// The numbers of the header, between spaces and comments.
private struct Words {
  private let file: UnsafeBufferPointer<UInt8>
  /// What follows the last number and the one space after it.
  private(set) var place = 2

  init(_ file: UnsafeBufferPointer<UInt8>) { self.file = file }

  mutating func number(atMost most: Int) throws(CodecFailure) -> Int {
    var value = 0
    var digits = 0
    while let byte = next() {
      if byte == UInt8(ascii: "#") {
        skipComment()
      } else if Self.spaces.contains(byte) {
        if digits > 0 { return value }
      } else {
        guard (48...57).contains(byte) else {
          throw CodecFailure("its header has something else than numbers")
        }
        value = value * 10 + Int(byte) - 48
        digits += 1
        guard value <= most else { throw CodecFailure("a number in its header is too large") }
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
