import Testing

@testable import Checkpoint

@Suite struct CRC32Tests {
  /// RFC 3720, appendix B.4, and the customary check value.
  @Test(
    arguments: [
      ([UInt8](repeating: 0, count: 32), 0x8a91_36aa), ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
      (Array(0..<32), 0x46dd_794e), (Array("123456789".utf8), 0xe306_9283), ([], 0),
    ] as [([UInt8], UInt32)])
  func agreesWithTheStandard(bytes: [UInt8], expected: UInt32) {
    #expect(bytes.withUnsafeBytes(CRC32C.checksum(of:)) == expected)
  }

  /// Python's `zlib.crc32`.
  @Test(
    arguments: [
      (Array("123456789".utf8), 0xcbf4_3926), (Array(0..<32), 0x9126_7e8a), ([], 0),
    ] as [([UInt8], UInt32)])
  func agreesWithZip(bytes: [UInt8], expected: UInt32) {
    #expect(bytes.withUnsafeBytes(CRC32.zip.checksum(of:)) == expected)
  }

  @Test func noticesEveryFlippedBit() {
    let bytes = [UInt8](repeating: 0x5a, count: 40)
    for checksum in [CRC32C.checksum(of:), CRC32.zip.checksum(of:)] {
      let whole = bytes.withUnsafeBytes(checksum)
      for bit in 0..<320 {
        var changed = bytes
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        #expect(changed.withUnsafeBytes(checksum) != whole)
      }
    }
  }
}
