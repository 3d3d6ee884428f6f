import CCRC32C
import Testing
import Wire

@Suite("CRC-32C")
struct CRC32CTests {
  @Test("gives the published values of RFC 3720, B.4")
  func publishedValues() {
    #expect(checksum(of: Array(repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(checksum(of: Array(repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(checksum(of: Array(0..<32)) == 0x46DD_794E)
    #expect(checksum(of: Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C().value == 0)
  }

  @Test("instructions and tables agree around the edges of lanes and registers, at any alignment")
  func kernelsAgree() {
    let bytes = (0..<7000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    for length in [
      0, 1, 7, 8, 9, 255, 511, 512, 513, 767, 768, 769, 1023, 1024, 3071, 3072, 3073, 6144, 6151,
    ] {
      for start in [0, 1, 5] {
        let part = Array(bytes[start..<start + length])
        #expect(checksum(of: part) == ccrc32c_portable(0, part, part.count), "\(length) bytes from \(start)")
      }
    }
  }

  @Test("of pieces is that of the whole")
  func pieces() {
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 31) }
    var checksum = CRC32C()
    for cut in [0..<1, 1..<4097, 4097..<10_000] { bytes[cut].withUnsafeBytes { checksum.update(with: $0) } }
    #expect(checksum.value == self.checksum(of: bytes))
  }

  private func checksum(of bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBytes { CRC32C(of: $0).value }
  }
}
