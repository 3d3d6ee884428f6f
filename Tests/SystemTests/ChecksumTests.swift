import System
import Testing

@Suite struct ChecksumTests {
  /// RFC 3720, appendix B.4, and the customary check value.
  @Test(
    arguments: [
      ([UInt8](repeating: 0, count: 32), 0x8a91_36aa), ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
      (Array(0..<32), 0x46dd_794e), (Array("123456789".utf8), 0xe306_9283), ([], 0),
    ] as [([UInt8], UInt32)])
  func `agrees with the standard`(bytes: [UInt8], expected: UInt32) {
    #expect(crc32c(bytes) == expected)
    #expect(CRC32C().value == 0)
  }

  /// Python's `zlib.crc32`.
  @Test(
    arguments: [
      (Array("123456789".utf8), 0xcbf4_3926), (Array(0..<32), 0x9126_7e8a), ([], 0),
    ] as [([UInt8], UInt32)])
  func `agrees with zip`(bytes: [UInt8], expected: UInt32) {
    #expect(bytes.withUnsafeBytes(CRC32.checksum(of:)) == expected)
  }

  @Test func `instructions and the definition agree around the edges of registers, at any alignment`() {
    let bytes = (0..<7000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    for length in [
      0, 1, 7, 8, 9, 255, 511, 512, 513, 767, 768, 769, 1023, 1024, 3071, 3072, 3073, 6144, 6151,
    ] {
      for start in [0, 1, 5] {
        let part = Array(bytes[start..<start + length])
        let crc32 = part.withUnsafeBytes(CRC32.checksum(of:))
        #expect(crc32c(part) == bitByBit(part, 0x82f6_3b78), "\(length) bytes from \(start)")
        #expect(crc32 == bitByBit(part, 0xedb8_8320), "\(length) bytes from \(start)")
      }
    }
  }

  @Test func `of pieces is that of the whole`() {
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 31) }
    var checksum = CRC32C()
    for cut in [0..<1, 1..<4097, 4097..<10_000] { bytes[cut].withUnsafeBytes { checksum.update(with: $0) } }
    #expect(checksum.value == crc32c(bytes))
  }

  @Test func `notices every flipped bit`() {
    let bytes = [UInt8](repeating: 0x5a, count: 40)
    for checksum in [{ CRC32C(of: $0).value }, CRC32.checksum(of:)] {
      let whole = bytes.withUnsafeBytes(checksum)
      for bit in 0..<320 {
        var changed = bytes
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        #expect(changed.withUnsafeBytes(checksum) != whole)
      }
    }
  }

  /// The values of Fowler, Noll and Vo.
  @Test(arguments: [
    ("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8),
  ])
  func `names have their numbers`(name: String, expected: UInt64) {
    #expect(fnv1a(name.utf8) == expected)
  }

  private func crc32c(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBytes { CRC32C(of: $0).value }
  }

  /// A checksum by the polynomial with its bits reversed.
  private func bitByBit(_ bytes: [UInt8], _ polynomial: UInt32) -> UInt32 {
    ~bytes.reduce(UInt32.max) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 0 ? 0 : polynomial) }
    }
  }
}
