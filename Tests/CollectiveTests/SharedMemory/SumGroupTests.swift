import TestSupport
import Testing

@testable import Collective

@Suite("Sum groups")
struct SumGroupTests {
  /// All that divide, up to eight ranks.
  static let groups = (2...8).flatMap { size in
    (1...size).filter { size.isMultiple(of: $0) }.map { (size: size, group: $0) }
  }

  @Test(arguments: groups)
  func `sums are taken within the groups, then over them, to the bit`(size: Int, group: Int) throws {
    let lengths = AllReduceTests.lengths(of: size)
    let sums = try onGroup(of: size, over: .shared, sumGroup: group) { ranks throws(CollectiveError) in
      try lengths.map { length throws(CollectiveError) in
        var values = roughFloats(count: length, rank: ranks.rank)
        try ranks.allReduceSum(&values)
        return values
      }
    }
    for (index, length) in lengths.enumerated() {
      let contributions = (0..<size).map { roughFloats(count: length, rank: $0) }
      let expected = canonicalSum(contributions, blockLength: 4, group: group)
      for rank in 0..<size {
        #expect(sums[rank][index].bits == expected.bits, "rank \(rank), \(length) floats")
      }
    }
  }

  @Test(arguments: groups)
  func `an owner keeps the same sums whatever the range`(size: Int, group: Int) throws {
    let contributions = (0..<size).map { roughFloats(count: 150, rank: $0) }
    let expected = canonicalSum(contributions, blockLength: 4, group: group)
    let kept = try onGroup(of: size, over: .shared, sumGroup: group) { ranks throws(CollectiveError) in
      let buffer = try ranks.makeBuffer(count: 150)
      _ = buffer.floats.update(from: contributions[ranks.rank])
      for range in [0..<31, 31..<33, 33..<150] { try ranks.reduceScatterSum(buffer, range) }
      return ranks.blocks.ranges(of: ranks.rank, in: 0..<150).map { Array(buffer.floats[$0]) }
    }
    for rank in 0..<size {
      let own = BlockLayout(blockLength: 4, size: size).ranges(of: rank, in: 0..<150)
      #expect(kept[rank].map(\.bits) == own.map { Array(expected[$0]).bits })
    }
  }

  @Test func `groups of one and of all are today's order, others are not`() {
    let contributions = (0..<8).map { roughFloats(count: 200, rank: $0) }
    let whole = canonicalSum(contributions, blockLength: 4)
    #expect([1, 8].allSatisfy { canonicalSum(contributions, blockLength: 4, group: $0).bits == whole.bits })
    let sums = [2, 4].map { canonicalSum(contributions, blockLength: 4, group: $0) }
    #expect(sums.allSatisfy { $0.bits != whole.bits } && sums[0].bits != sums[1].bits)
  }

  @Test(arguments: [TransportName.ipc, .tcp, .auto])
  func `over sockets they are refused on every rank, before any meets another`(transport: TransportName) {
    for rank in 0..<4 {
      var rendezvous = RingRendezvous(rank: rank, size: 4, run: "test", generation: 0, directory: "/nowhere")
      (rendezvous.transport, rendezvous.sumGroup) = (transport, 2)
      let error = #expect(throws: CollectiveError.self) { try RingGroup.connect(rendezvous) }
      #expect(error?.isOfConfiguration == true)
      let words = error?.description ?? ""
      #expect(words.hasPrefix("sums in groups of 2 workers (--sum-group) are taken in shared memory alone"))
    }
  }

  @Test func `they do not fall back to sockets where shared memory has no room`() throws {
    let memory = try TestMemory(limit: 50_000)
    let folder = try RendezvousFolder()
    let errors = onRanks(2) { rank throws(CollectiveError) in
      var rendezvous = RingRendezvous(rank: rank, size: 2, run: "test", generation: 0, directory: folder.path)
      (rendezvous.memory, rendezvous.deadline) = (memory.shared, .seconds(20))
      let group = try RingGroup.connect(rendezvous)
      _ = try group.makeBuffer(count: 20_000)
      group.close()
    }.map(\.error)
    #expect(errors == [nil, nil], "groups of all ranks do")
    let folder4 = try RendezvousFolder()
    let refused = onRanks(4) { rank throws(CollectiveError) in
      var rendezvous = RingRendezvous(
        rank: rank, size: 4, run: "test", generation: 0, directory: folder4.path)
      (rendezvous.memory, rendezvous.sumGroup, rendezvous.deadline) = (memory.shared, 2, .seconds(20))
      _ = try RingGroup.connect(rendezvous).makeBuffer(count: 20_000)
    }.map(\.error)
    for error in refused {
      guard case .noRoom = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }
}
