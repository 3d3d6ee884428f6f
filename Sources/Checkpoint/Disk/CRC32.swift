import CCRC32C

/// Castagnoli's checksum (RFC 3720, appendix B.4), by which checkpoints are verified, at the speed of memory.
///
/// It finds every changed byte and every error of up to 32 neighbouring bits; it is no defence against forgery.
enum CRC32C {
  /// The checksum of these bytes.
  static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    ccrc32c(0, bytes.baseAddress, bytes.count)
  }
}

/// A 32-bit cyclic checksum, eight bytes a step through eight tables.
struct CRC32: Sendable {
  /// That of Ethernet, PNG and zip archives (ISO 3309).
  static let zip = CRC32(reversedPolynomial: 0xedb8_8320)

  private let tables: [UInt32]

  /// Table k holds, for each byte, its effect on the checksum when k more bytes follow.
  private init(reversedPolynomial polynomial: UInt32) {
    var tables = (0..<256).map { byte in
      (0..<8).reduce(UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 0 ? 0 : polynomial) }
    }
    for index in 256..<8 * 256 {
      let previous = tables[index - 256]
      tables.append(tables[Int(previous & 0xff)] ^ (previous >> 8))
    }
    self.tables = tables
  }

  /// The checksum of these bytes.
  func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    let words = bytes.count / 8 * 8
    return tables.withUnsafeBufferPointer { tables in
      var crc = UInt32.max
      for offset in stride(from: 0, to: words, by: 8) {
        let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        crc = Self.step(UInt64(littleEndian: word) ^ UInt64(crc), tables)
      }
      for byte in bytes[words...] {
        crc = tables[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8)
      }
      return ~crc
    }
  }

  @inline(__always)
  private static func step(_ word: UInt64, _ tables: UnsafeBufferPointer<UInt32>) -> UInt32 {
    tables[7 * 256 + Int(word & 0xff)] ^ tables[6 * 256 + Int(word >> 8 & 0xff)]
      ^ tables[5 * 256 + Int(word >> 16 & 0xff)] ^ tables[4 * 256 + Int(word >> 24 & 0xff)]
      ^ tables[3 * 256 + Int(word >> 32 & 0xff)] ^ tables[2 * 256 + Int(word >> 40 & 0xff)]
      ^ tables[256 + Int(word >> 48 & 0xff)] ^ tables[Int(word >> 56)]
  }
}
