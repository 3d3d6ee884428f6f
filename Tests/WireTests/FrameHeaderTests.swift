import System
import Testing
import Wire

@Suite("Frame header")
struct FrameHeaderTests {
  private let header: FrameHeader = {
    var header = FrameHeader(
      operation: 2, element: 3, run: 0x0102_0304_0506_0708, generation: 9, rank: 10, size: 11)
    header.sequence = 12
    header.step = 13
    header.segment = 14
    header.count = 15
    header.start = 16
    header.length = 17
    header.payloadChecksum = 18
    header.root = 19
    return header
  }()

  @Test(arguments: [0, 5])
  func `comes back as it was, payload behind it or not`(extra: Int) throws {
    #expect(try decode(encoded + Array(repeating: 7, count: extra)) == header)
  }

  @Test func `has the documented layout, little-endian`() {
    let fields: [(Int, [UInt8])] = [
      (0, Array("TWLN".utf8)), (4, [2, 0]), (6, [2]), (7, [3]), (8, [8, 7, 6, 5, 4, 3, 2, 1]),
      (16, [9, 0, 0, 0]),
      (20, [10, 0]), (22, [11, 0]), (24, [12, 0, 0, 0, 0, 0, 0, 0]), (32, [13, 0, 0, 0]),
      (36, [14, 0, 0, 0]),
      (40, [15, 0, 0, 0, 0, 0, 0, 0]), (48, [16, 0, 0, 0, 0, 0, 0, 0]),
      (56, [17, 0, 0, 0]), (60, [18, 0, 0, 0]), (64, [19, 0]), (66, [0, 0]),
    ]
    for (offset, bytes) in fields {
      #expect(Array(encoded[offset..<offset + bytes.count]) == bytes, "at \(offset)")
    }
    #expect(encoded.count == 72)
  }

  @Test func `shows every flipped bit`() {
    for bit in 0..<encoded.count * 8 {
      var bytes = encoded
      bytes[bit / 8] ^= 1 << (bit % 8)
      #expect(throws: FrameError.self, "bit \(bit)") { try decode(bytes) }
    }
  }

  @Test func `says what is wrong with bytes that are none`() {
    #expect(throws: FrameError.length(71)) { try decode(Array(encoded.dropLast())) }
    #expect(throws: FrameError.magic(0)) { try decode(Array(repeating: 0, count: 72)) }
    #expect(throws: FrameError.version(3)) { try decode(resealed { $0[4] = 3 }) }
  }

  @Test func `tells runs apart by name`() {
    #expect(FrameHeader.digest(ofRun: "") == 0xcbf2_9ce4_8422_2325)
    #expect(FrameHeader.digest(ofRun: "a") == 0xaf63_dc4c_8601_ec8c)
  }

  private var encoded: [UInt8] {
    var bytes = [UInt8](repeating: 0xAA, count: FrameHeader.byteCount)
    bytes.withUnsafeMutableBytes { header.encode(into: $0) }
    return bytes
  }

  private func decode(_ bytes: [UInt8]) throws -> FrameHeader {
    try bytes.withUnsafeBytes { try FrameHeader(decoding: $0) }
  }

  /// The encoded header after a change, with a checksum that fits again.
  private func resealed(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
    var bytes = encoded
    change(&bytes)
    let checksum = bytes[..<68].withUnsafeBytes { CRC32C(of: $0).value }
    for index in 0..<4 { bytes[68 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index)) }
    return bytes
  }
}
