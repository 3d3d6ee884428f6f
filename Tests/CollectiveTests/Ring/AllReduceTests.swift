import Testing

@testable import Collective

@Suite("All-reduce")
struct AllReduceTests {
  /// 0, 1, around the number of ranks, and around every edge of block, segment and round of the tiny grain.
  static func lengths(of size: Int) -> [Int] {
    let block = 4
    let edges = [size, block, block * size, 3 * block * size, 6 * block * size, 7 * block * size + block]
    return Set([0, 1] + edges.flatMap { [$0 - 1, $0, $0 + 1] }).sorted()
  }

  @Test(arguments: 1...8)
  func `equals the plain sum in canonical order, to the bit`(size: Int) throws {
    for wire in TestWire.allCases { try check(size, Self.lengths(of: size), over: wire) }
  }

  @Test(arguments: TestWire.allCases)
  func `does not hang with the shortest queues`(wire: TestWire) throws {
    try check(5, [4 * 3 * 5 * 9 + 2], over: wire, queueLength: 1)
  }

  @Test(arguments: TestWire.allCases)
  func `holds at the grain of training, around its edges`(wire: TestWire) throws {
    let block = 16_384
    try check(2, [block - 1, 2 * block + 1], over: wire, grain: RingGrain())
  }

  @Test(arguments: [1, 2, 5, 64])
  func `keeps the same bits whatever the segment size`(blocksPerSegment: Int) throws {
    try check(4, [333], over: .loopback, grain: RingGrain(blockLength: 4, blocksPerSegment: blocksPerSegment))
  }

  @Test func `the canonical order is not the order of ranks`() {
    let contributions = (0..<5).map { roughFloats(count: 100, rank: $0) }
    let byRank = (0..<100).map { index in
      contributions.dropFirst().reduce(contributions[0][index]) { $0 + $1[index] }
    }
    #expect(canonicalSum(contributions, blockLength: 4).bits != byRank.bits)
  }

  private func check(
    _ size: Int, _ lengths: [Int], over wire: TestWire, grain: RingGrain = .tiny, queueLength: Int = 2
  ) throws {
    let sums = try onGroup(of: size, over: wire, grain: grain, queueLength: queueLength) {
      group throws(CollectiveError) in
      try lengths.map { length throws(CollectiveError) in
        var values = roughFloats(count: length, rank: group.rank)
        try group.allReduceSum(&values)
        return values
      }
    }
    for (index, length) in lengths.enumerated() {
      let expected = canonicalSum(
        (0..<size).map { roughFloats(count: length, rank: $0) }, blockLength: grain.blockLength)
      for rank in 0..<size {
        #expect(sums[rank][index].bits == expected.bits, "rank \(rank) of \(size), \(length) floats, \(wire)")
      }
    }
  }
}

extension ProcessGroup {
  /// Sums an array in place.
  func allReduceSum(_ values: inout [Float]) throws(CollectiveError) {
    let buffer = try makeBuffer(count: values.count)
    _ = buffer.floats.update(from: values)
    try allReduceSum(buffer, 0..<values.count)
    values = Array(buffer.floats)
  }
}
