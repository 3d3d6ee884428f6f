import Testing

@testable import Collective

@Suite("Broadcast, all-gather, barrier and sums")
struct OperationTests {
  @Test(arguments: 1...8)
  func `a broadcast gives every rank the root's bytes`(size: Int) throws {
    for wire in TestWire.allCases {
      for length in [0, 1, 47, 48, 49, 500] {
        let root = length % size
        let received = try onGroup(of: size, over: wire) { group throws(CollectiveError) in
          try group.broadcast(Self.bytes(length, from: group.rank), from: root)
        }
        #expect(received == Array(repeating: Self.bytes(length, from: root), count: size))
      }
    }
  }

  @Test(arguments: 1...8)
  func `an all-gather gives every rank all contributions, of whatever lengths`(size: Int) throws {
    let lengths = [50, 0, 1, 200, 48, 49, 0, 96]
    for wire in TestWire.allCases {
      let gathered = try onGroup(of: size, over: wire) { group throws(CollectiveError) in
        try group.allGather(Self.bytes(lengths[group.rank], from: group.rank))
      }
      let expected = (0..<size).map { Self.bytes(lengths[$0], from: $0) }
      #expect(gathered == Array(repeating: expected, count: size))
    }
  }

  @Test func `ranks that differ from most are named on all; without a majority, all are`() throws {
    let cases: [(digests: [UInt64], odd: [Int])] = [
      ([7], []), ([7, 7], []), ([7, 8], [0, 1]), ([7, 7, 8], [2]), ([8, 7, 7, 9, 7], [0, 3]),
      ([7, 7, 8, 8], [0, 1, 2, 3]),
    ]
    for (digests, odd) in cases {
      let named = try onGroup(of: digests.count, over: .loopback) { group throws(CollectiveError) in
        try group.disagreeing(with: digests[group.rank])
      }
      #expect(named == Array(repeating: odd, count: digests.count))
    }
  }

  @Test(arguments: TestWire.allCases)
  func `a barrier holds every rank until the last has come`(wire: TestWire) throws {
    let arrivals = Counter()
    let seen = try onGroup(of: 5, over: wire) { group throws(CollectiveError) in
      var seen: [Int] = []
      for _ in 0..<20 {
        arrivals.increment()
        try group.barrier()
        seen.append(arrivals.value)
        try group.barrier()
      }
      return seen
    }
    #expect(seen == Array(repeating: (1...20).map { $0 * 5 }, count: 5))
  }

  @Test(arguments: 1...8)
  func `sums of integers are exact`(size: Int) throws {
    let sums = try onGroup(of: size, over: .loopback) { group throws(CollectiveError) in
      try group.sum([Int64(group.rank), 1 << 60 - 1, -1])
    }
    let ranks = Int64(size)
    let expected = [ranks * (ranks - 1) / 2, ranks * (1 << 60 - 1), -ranks]
    #expect(sums == Array(repeating: expected, count: size))
  }

  @Test func `sums of doubles are added from rank 0 upwards, on every rank`() throws {
    let values = [1e16, 1, -1e16, 3, 0.1]
    let sums = try onGroup(of: 5, over: .loopback) { group throws(CollectiveError) in
      try group.sum([values[group.rank], -0.0])
    }
    let expected = [values.dropFirst().reduce(values[0], +), -0.0].map(\.bitPattern)
    for sum in sums { #expect(sum.map(\.bitPattern) == expected) }
  }

  @Test func `a sum of different counts names the rank that differs`() throws {
    let errors = onRanks(3, over: LoopbackRing(size: 3)) { group throws(CollectiveError) in
      try group.sum(Array(repeating: 1.0, count: group.rank == 2 ? 4 : 3))
    }
    #expect(
      errors[0]
        == .mismatch(rank: 2, operation: "sum", expected: "3 values", found: "4 values"))
  }

  @Test func `a group of one answers every operation itself`() throws {
    let group = SoloGroup()
    var values: [Float] = [1, 2]
    try group.allReduceSum(&values)
    try group.barrier()
    #expect(values == [1, 2])
    #expect(try group.broadcast([5, 6], from: 0) == [5, 6])
    #expect(try group.allGather([7]) == [[7]])
    #expect(try group.sum([Int64(8)]) == [8])
  }

  static func bytes(_ count: Int, from rank: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + rank * 101) }
  }
}
