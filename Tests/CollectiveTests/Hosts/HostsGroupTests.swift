import TestSupport
import Testing

@testable import Collective

@Suite("Rounds of hosts")
struct HostRoundTests {
  @Test func `what each host has comes to all, once, by as many messages as hosts have binary digits`() {
    for hosts in 1...70 {
      let rounds = HostRound.rounds(of: hosts)
      #expect(1 << rounds.count >= hosts && (hosts == 1 || 1 << (rounds.count - 1) < hosts))
      // By host, what lies at each place.
      var known = (0..<hosts).map { [$0] }
      for round in rounds {
        let before = known
        for host in 0..<hosts {
          let source = before[(host - round.distance).modulo(hosts)]
          #expect(before[host].count == round.received.lowerBound && source.count >= round.sent.upperBound)
          known[host] += source[round.sent]
        }
      }
      for (host, places) in known.enumerated() {
        #expect(places == (0..<hosts).map { (host - $0).modulo(hosts) })
      }
    }
  }
}

@Suite("Sums over hosts")
struct HostsGroupTests {
  static let shapes = [(1, 4), (2, 1), (2, 2), (2, 4), (3, 2), (4, 2), (5, 1), (8, 1)]

  /// Around the edges of block, of a round over all ranks, and of a message of sixteen blocks of each.
  private static func lengths(_ size: Int) -> [Int] {
    [0, 1, 3, 4, 5, 4 * size - 1, 4 * size + 1, 64 * size - 1, 64 * size, 64 * size + 5, 200 * size + 7]
  }

  @Test(arguments: shapes)
  func `a sum over hosts is that of one host with their ranks as sum groups, to the bit`(
    hosts: Int, hostSize: Int
  )
    throws
  {
    let size = hosts * hostSize
    for wire in [TestWire.shared, .loopback] {
      let sums = try onHosts(hosts, of: hostSize, over: wire) { group throws(CollectiveError) in
        try Self.lengths(size).map { length throws(CollectiveError) in
          var values = roughFloats(count: length, rank: group.rank)
          try group.allReduceSum(&values)
          return values
        }
      }
      for (index, length) in Self.lengths(size).enumerated() {
        let contributions = (0..<size).map { roughFloats(count: length, rank: $0) }
        let expected = canonicalSum(contributions, blockLength: 4, group: hostSize)
        for rank in 0..<size {
          #expect(sums[rank][index].bits == expected.bits, "rank \(rank), \(length) floats, \(wire)")
        }
      }
    }
  }

  /// What each rank holds after sums whole, in buckets, and in halves between which owners change their sums.
  private static func sums(_ group: any ProcessGroup, _ count: Int) throws(CollectiveError) -> [[UInt32]] {
    let buffer = try group.makeBuffer(count: count)
    let values = roughFloats(count: count, rank: group.rank)
    var results: [[UInt32]] = []
    for ranges in [[0..<count], [0..<148, 148..<152, 152..<count]] {
      _ = buffer.floats.update(from: values)
      for range in ranges { try group.allReduceSum(buffer, range) }
      results.append(Array(buffer.floats).bits)
      _ = buffer.floats.update(from: values)
      for range in ranges { try group.reduceScatterSum(buffer, range) }
      for part in group.blocks.ranges(of: group.rank, in: 0..<count) {
        for index in part { buffer.floats[index] *= 0.75 }
      }
      try group.allGatherBlocks(buffer, 0..<count)
      results.append(Array(buffer.floats).bits)
    }
    return results
  }

  @Test(arguments: [(2, 4), (4, 2)])
  func `two hosts of four and four of two are one of eight, sharded or not, in buckets or whole`(
    hosts: Int, hostSize: Int
  ) throws {
    let apart = try onHosts(hosts, of: hostSize) { group throws(CollectiveError) in
      try Self.sums(group, 1_500)
    }
    let together = try onGroup(of: 8, over: .shared, sumGroup: hostSize) { group throws(CollectiveError) in
      try Self.sums(group, 1_500)
    }
    #expect(apart == together)
    let plain = try onGroup(of: 8, over: .shared) { group throws(CollectiveError) in
      try Self.sums(group, 1_500)
    }
    #expect(plain != together)
  }

  /// Multiples of 1/256 whose sums are exact in any order, and are more than sixteen bits can hold.
  private static func fineFloats(count: Int, rank: Int) -> [Float] {
    (0..<count).map { Float(($0 * 7919 + rank * 104_729) % 2003) / 256 }
  }

  /// The hosts' sums, those that travel rounded, added up and rounded again.
  private static func rounded(
    _ hosts: Int, of hostSize: Int, _ count: Int, _ round: (Float) -> Float
  ) -> [Float] {
    let contributions = (0..<hosts * hostSize).map { fineFloats(count: count, rank: $0) }
    return (0..<count).map { index in
      let owner = index / 4 % (hosts * hostSize) / hostSize
      let sums = (0..<hosts).map { host in
        contributions[host * hostSize..<(host + 1) * hostSize].reduce(0) { $0 + $1[index] }
      }
      return round(sums.enumerated().reduce(0) { $0 + ($1.offset == owner ? $1.element : round($1.element)) })
    }
  }

  @Test(arguments: [(2, 4), (3, 2), (5, 1)], [WireFormat.bfloat16, .float16])
  func `what other hosts add up is rounded on its way, and the result, whole or in halves; weights are not`(
    shape: (hosts: Int, size: Int), wire: WireFormat
  ) throws {
    let count = 200 * shape.hosts * shape.size + 7
    let results = try onHosts(shape.hosts, of: shape.size, gradientWire: wire) {
      group throws(CollectiveError) in
      let values = Self.fineFloats(count: count, rank: group.rank)
      let (whole, halves) = (try group.makeBuffer(count: count), try group.makeBuffer(count: count))
      for buffer in [whole, halves] { _ = buffer.floats.update(from: values) }
      try group.allReduceSum(whole, 0..<count)
      try group.reduceScatterSum(halves, 0..<count)
      try group.allGatherBlocks(halves, 0..<count)
      // As an update leaves them: no number of sixteen bits.
      for part in group.blocks.ranges(of: group.rank, in: 0..<count) {
        for index in part { whole.floats[index] = values[index] }
      }
      let sums = Array(halves.floats)
      try group.allGatherBlocks(whole, 0..<count)
      return (sums, Array(whole.floats))
    }
    let expected = Self.rounded(shape.hosts, of: shape.size, count) { wire.rounded([$0])[0] }
    let exact = Self.rounded(shape.hosts, of: shape.size, count) { $0 }
    #expect(expected != exact)
    let weights = (0..<count).map { index in
      Self.fineFloats(count: count, rank: index / 4 % (shape.hosts * shape.size))[index]
    }
    for result in results { #expect(result.0 == expected && result.1 == weights) }
  }

  @Test func `hosts that round differently are told apart at once`() throws {
    let meeting = try TestHosts(2, of: 1)
    let errors = onRanks(2) { rank throws(CollectiveError) in
      let group = try meeting.group(rank, gradientWire: rank == 1 ? .bfloat16 : .float32)
      var values: [Float] = [1, 2, 3]
      try group.allReduceSum(&values)
      group.close()
    }.map(\.error)
    #expect(errors[0]?.culprit == 1, "\(errors)")
  }

  @Test(arguments: [(2, 4), (4, 1), (3, 2)])
  func `every rank's bytes come to all by rank, of whatever length`(hosts: Int, hostSize: Int) throws {
    let size = hosts * hostSize
    let gathered = try onHosts(hosts, of: hostSize) { group throws(CollectiveError) in
      let empty = try group.allGather([])
      let own = [UInt8](repeating: UInt8(group.rank), count: 70_000 * (group.rank % 3) + group.rank)
      try group.barrier()
      return [empty, try group.allGather(own)]
    }
    let expected = (0..<size).map { [UInt8](repeating: UInt8($0), count: 70_000 * ($0 % 3) + $0) }
    for ofRank in gathered { #expect(ofRank == [Array(repeating: [], count: size), expected]) }
  }

  @Test(arguments: [(2, 1), (3, 2), (5, 3), (8, 3)])
  func `reports and barriers take as many messages of a host as hosts have binary digits`(
    hosts: Int, digits: Int
  ) throws {
    let meeting = try TestHosts(hosts, of: 2)
    let results = onRanks(2 * hosts) { rank throws(CollectiveError) in
      let group = try meeting.group(rank)
      try group.barrier()
      return try group.allGather([UInt8(rank)]).count
    }
    for result in results { #expect(try result.get() == 2 * hosts) }
    // The handshake, the barrier, what is gathered and its header.
    #expect(meeting.messages == Array(repeating: 4 * digits, count: hosts))
  }

  @Test func `numbers are added from rank 0 upwards`() throws {
    let values = [1e300, 3, -1e300, 0.1, 7, 1e-9]
    let sums = try onHosts(3, of: 2) { group throws(CollectiveError) in try group.sum([values[group.rank]]) }
    #expect(sums == Array(repeating: [values.dropFirst().reduce(values[0], +)], count: 6))
  }

  @Test(arguments: [(2, 3), (3, 1), (5, 2), (8, 1)])
  func `a broadcast reaches all from every root`(hosts: Int, hostSize: Int) throws {
    let size = hosts * hostSize
    let received = try onHosts(hosts, of: hostSize) { group throws(CollectiveError) in
      try (0..<size).map { root throws(CollectiveError) in
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 5_000, alignment: 8)
        defer { bytes.deallocate() }
        for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* (group.rank + 3)) }
        try group.broadcast(bytes, from: root)
        return Array(bytes)
      }
    }
    let expected = (0..<size).map { root in (0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* (root + 3)) } }
    for ofRank in received { #expect(ofRank == expected) }
  }

  @Test func `buffers are not called memory that every rank sees, and blocks have all ranks as owners`()
    throws
  {
    let seen = try onHosts(2, of: 2) { group throws(CollectiveError) in
      let buffer = try group.makeBuffer(count: 10)
      return (buffer.place, buffer.isShared, group.blocks, group.rank, group.size)
    }
    #expect(seen.allSatisfy { $0.0 == .host && !$0.1 && $0.2 == BlockLayout(blockLength: 4, size: 4) })
    #expect(seen.map(\.3) == [0, 1, 2, 3] && seen.allSatisfy { $0.4 == 4 })
  }
}
