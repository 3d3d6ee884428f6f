/// The Castagnoli checksum (RFC 3720, appendix B.4), eight bytes a step through eight tables.
///
/// It finds every changed byte and every error of up to 32 neighbouring bits; it is no defence against forgery.
struct CRC32C: Equatable, Sendable {
  private var state: UInt32 = 0xffff_ffff

  /// The checksum of what was taken in so far.
  var value: UInt32 { ~state }

  /// The checksum of these bytes.
  static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    var crc = CRC32C()
    crc.update(bytes)
    return crc.value
  }

  /// Takes in more bytes.
  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    let words = bytes.count / 8 * 8
    state = Self.tables.withUnsafeBufferPointer { tables in
      var crc = state
      for offset in stride(from: 0, to: words, by: 8) {
        let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        crc = Self.step(UInt64(littleEndian: word) ^ UInt64(crc), tables)
      }
      for byte in bytes[words...] {
        crc = tables[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8)
      }
      return crc
    }
  }

  /// Table k holds, for each byte, its effect on the checksum when k more bytes follow.
  @inline(__always)
  private static func step(_ word: UInt64, _ tables: UnsafeBufferPointer<UInt32>) -> UInt32 {
    tables[7 * 256 + Int(word & 0xff)] ^ tables[6 * 256 + Int(word >> 8 & 0xff)]
      ^ tables[5 * 256 + Int(word >> 16 & 0xff)] ^ tables[4 * 256 + Int(word >> 24 & 0xff)]
      ^ tables[3 * 256 + Int(word >> 32 & 0xff)] ^ tables[2 * 256 + Int(word >> 40 & 0xff)]
      ^ tables[256 + Int(word >> 48 & 0xff)] ^ tables[Int(word >> 56)]
  }

  private static let tables: [UInt32] = {
    var tables = (0..<256).map { byte in
      (0..<8).reduce(UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 0 ? 0 : 0x82f6_3b78) }
    }
    for index in 256..<8 * 256 {
      let previous = tables[index - 256]
      tables.append(tables[Int(previous & 0xff)] ^ (previous >> 8))
    }
    return tables
  }()
}
