import Testing

@testable import Collective

/// Operations on parts of a buffer, at and inside the edges of blocks of 4 floats.
@Suite("Ranges")
struct RangeTests {
  private static let count = 150
  private static let ranges = [
    0..<150, 0..<0, 5..<5, 3..<4, 4..<8, 0..<9, 5..<31, 17..<150, 64..<128, 149..<150,
  ]

  @Test(arguments: 1...8)
  func `an all-reduce sums what is in the range, in the order that the buffer gives, and nothing else`(
    size: Int
  ) throws {
    let sums = canonicalSum(Self.contributions(size), blockLength: 4)
    for wire in TestWire.allCases {
      let results = try Self.results(size, wire) { group, buffer, range throws(CollectiveError) in
        try group.allReduceSum(buffer, range)
      }
      for (rank, ofRank) in results.enumerated() {
        for (range, values) in zip(Self.ranges, ofRank) {
          var expected = Self.contributions(size)[rank]
          expected.replaceSubrange(range, with: sums[range])
          #expect(values.bits == expected.bits, "rank \(rank), \(range), \(wire)")
        }
      }
    }
  }

  @Test(arguments: 1...8)
  func `a reduce-scatter leaves each owner its sums, and an all-gather of blocks gives them to all`(size: Int)
    throws
  {
    let sums = canonicalSum(Self.contributions(size), blockLength: 4)
    let layout = BlockLayout(blockLength: 4, size: size)
    for wire in TestWire.allCases {
      let scattered = try Self.results(size, wire) { group, buffer, range throws(CollectiveError) in
        try group.reduceScatterSum(buffer, range)
      }
      let gathered = try Self.results(size, wire) { group, buffer, range throws(CollectiveError) in
        try group.allGatherBlocks(buffer, range)
      }
      for rank in 0..<size {
        for (index, range) in Self.ranges.enumerated() {
          for part in layout.ranges(of: rank, in: range) {
            #expect(
              Array(scattered[rank][index][part]).bits == Array(sums[part]).bits, "\(rank) \(range) \(wire)")
          }
          let own = Self.contributions(size)[rank]
          #expect(scattered[rank][index][..<range.lowerBound] == own[..<range.lowerBound])
          #expect(scattered[rank][index][range.upperBound...] == own[range.upperBound...])
          var expected = own
          for owner in 0..<size {
            let theirs = Self.contributions(size)[owner]
            for part in layout.ranges(of: owner, in: range) {
              expected.replaceSubrange(part, with: theirs[part])
            }
          }
          #expect(gathered[rank][index].bits == expected.bits, "\(rank) \(range) \(wire)")
        }
      }
    }
  }

  private static func contributions(_ size: Int) -> [[Float]] {
    (0..<size).map { roughFloats(count: count, rank: $0) }
  }

  /// What each rank's buffer holds after `operate` has run on each of the ranges, by rank and range.
  private static func results(
    _ size: Int, _ wire: TestWire,
    _ operate: @escaping @Sendable (RingGroup, SymmetricBuffer, Range<Int>) throws(CollectiveError) -> Void
  ) throws -> [[[Float]]] {
    try onGroup(of: size, over: wire) { group throws(CollectiveError) in
      let buffer = try group.makeBuffer(count: count)
      return try ranges.map { range throws(CollectiveError) in
        _ = buffer.floats.update(from: roughFloats(count: count, rank: group.rank))
        // Nobody writes a lane while its rank is outside an operation, nor reads one.
        try operate(group, buffer, range)
        return Array(buffer.floats)
      }
    }
  }
}
