import TestSupport
import Testing

@testable import Collective

@Suite("Sums in sixteen bits")
struct WireFormatTests {
  static let halves: [WireFormat] = [.bfloat16, .float16]

  @Test(arguments: halves, [2, 3, 5, 8])
  func `each partial sum is rounded as it goes on, and the result too`(wire: WireFormat, size: Int) throws {
    let length = 333
    let contributions = (0..<size).map { smallFloats(count: length, rank: $0) }
    let expected = roundedSum(contributions, blockLength: 4, wire)
    let sums = try onGroup(of: size, over: .loopback, gradientWire: wire) { group throws(CollectiveError) in
      var values = contributions[group.rank]
      try group.allReduceSum(&values)
      return values
    }
    for sum in sums { #expect(sum.differences(from: expected) == 0) }
    #expect(expected.differences(from: canonicalSum(contributions, blockLength: 4)) > 0)
  }

  @Test(arguments: halves)
  func `a sum that stays with its owner has the same bits`(wire: WireFormat) throws {
    let contributions = (0..<3).map { smallFloats(count: 100, rank: $0) }
    let expected = roundedSum(contributions, blockLength: 4, wire)
    let owned = try onGroup(of: 3, over: .loopback, gradientWire: wire) { group throws(CollectiveError) in
      let buffer = try group.makeBuffer(count: 100)
      _ = buffer.floats.update(from: contributions[group.rank])
      try group.reduceScatterSum(buffer, 0..<100)
      return group.blocks.ranges(of: group.rank, in: 0..<100).flatMap { Array(buffer.floats[$0]) }
    }
    for (rank, sums) in owned.enumerated() {
      let ranges = BlockLayout(blockLength: 4, size: 3).ranges(of: rank, in: 0..<100)
      #expect(sums.differences(from: ranges.flatMap { Array(expected[$0]) }) == 0)
    }
  }

  @Test func `ranks that round differently are told apart at once`() {
    let ring = LoopbackRing(size: 3)
    let errors = onRanks(3) { rank throws(CollectiveError) in
      let group = RingGroup(
        ring.transport(rank: rank), rank: rank, size: 3, gradientWire: rank == 1 ? .bfloat16 : .float32)
      var values: [Float] = [1, 2, 3]
      try group.allReduceSum(&values)
      group.close()
    }.map(\.error)
    #expect(errors.map { $0?.culprit }[2] == 1)
  }

  @Test func `rounding is to the nearest, ties to even, and keeps what is no number`() {
    let values: [Float] = [
      0, -0.0, 1, 1.00390625, 1.01171875, .infinity, -.infinity, .nan, 0x1p-149, 65_504, 3e38,
    ]
    let (short, wide) = (WireFormat.bfloat16.rounded(values), WireFormat.float16.rounded(values))
    #expect(short.prefix(7) == [0, -0.0, 1, 1, 1.015625, .infinity, -.infinity])
    #expect(short[7].isNaN && wide[7].isNaN)
    #expect(wide[9] == 65_504 && wide[10] == .infinity)
    #expect(short[10] == 3e38.roundedToBfloat16)
    #expect(WireFormat.float32.rounded(Array(values.prefix(7))) == Array(values.prefix(7)))
  }
}

/// Floats that sixteen bits can hold roughly.
private func smallFloats(count: Int, rank: Int) -> [Float] {
  (0..<count).map { Float(($0 * 7919 + rank * 104_729) % 2003) / 997 - 1 }
}

/// The sum in canonical order with every partial sum rounded.
private func roundedSum(_ contributions: [[Float]], blockLength: Int, _ wire: WireFormat) -> [Float] {
  let size = contributions.count
  return contributions[0].indices.map { index in
    let owner = index / blockLength % size
    var sum = wire.rounded([contributions[(owner + 1) % size][index]])[0]
    for step in 2..<(size + 1) { sum = wire.rounded([sum + contributions[(owner + step) % size][index]])[0] }
    return sum
  }
}

extension WireFormat {
  /// What comes back after the wire.
  func rounded(_ values: [Float]) -> [Float] {
    let payload = UnsafeMutableRawBufferPointer.allocate(
      byteCount: byteCount(for: values.count * MemoryLayout<Float>.stride), alignment: 1)
    defer { payload.deallocate() }
    var result = values
    values.withUnsafeBytes { write($0, to: payload) }
    result.withUnsafeMutableBytes { read(UnsafeRawBufferPointer(payload), to: $0) }
    return result
  }
}

extension Double {
  /// The nearest number of 8 significant bits.
  fileprivate var roundedToBfloat16: Float {
    let unit = Double(sign: .plus, exponent: Int(exponent) - 7, significand: 1)
    return Float((self / unit).rounded(.toNearestOrEven) * unit)
  }
}
