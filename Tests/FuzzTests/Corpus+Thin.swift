import TestSupport

extension Corpus {
  /// A grey PNG of 1 x 1,000,009 pixels in a few thousand bytes.
  static var thinImage: [UInt8] {
    let matches = 7752
    // A byte that names the filter, and a pixel.
    let count = 2 + 258 * matches
    return [0x89] + Array("PNG\r\n\u{1a}\n".utf8)
      + chunk("IHDR", bigEndian(1) + bigEndian(UInt32(count / 2)) + [8, 0, 0, 0, 0])
      + chunk("IDAT", [0x78, 0x01] + zeros(matches: matches) + checksum(ofZeros: count)) + chunk("IEND", [])
  }

  private static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + content
    return bigEndian(UInt32(content.count)) + body + bigEndian(zipChecksum(body))
  }

  private static func bigEndian(_ number: UInt32) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian, Array.init)
  }

  /// Two zeros and `matches` times 258 more, as one last block of DEFLATE's fixed codes (RFC 1951, 3.2.6).
  private static func zeros(matches: Int) -> [UInt8] {
    let zero = "00110000"
    let longestMatchOfTheByteBefore = "11000101" + "00000"
    let end = "0000000"
    let bits =
      "110" + zero + zero + String(repeating: longestMatchOfTheByteBefore, count: matches) + end
    var bytes = [UInt8](repeating: 0, count: (bits.utf8.count + 7) / 8)
    for (place, bit) in bits.utf8.enumerated() where bit == UInt8(ascii: "1") {
      bytes[place / 8] |= 1 << (place % 8)
    }
    return bytes
  }

  /// Adler-32 (RFC 1950, 8.2).
  private static func checksum(ofZeros count: Int) -> [UInt8] {
    bigEndian(UInt32(count % 65521) << 16 | 1)
  }

  /// A text as often as it has numbers, each time with another at the edge.
  static func atEdges(_ text: [UInt8]) -> [[UInt8]] {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let starts = text.indices.filter {
      digits.contains(text[$0]) && !($0 > 0 && digits.contains(text[$0 - 1]))
    }
    return starts.map { start in
      let end = text[start...].firstIndex { !digits.contains($0) } ?? text.count
      return Array(text[..<start]) + Array("\(Int.max)".utf8) + Array(text[end...])
    }
  }
}
