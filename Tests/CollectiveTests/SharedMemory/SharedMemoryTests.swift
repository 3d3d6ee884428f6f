import Foundation
import TestSupport
import Testing

@testable import Collective

@Suite("Shared memory")
struct SharedMemoryTests {
  @Test(arguments: [1, 3])
  func `a released buffer's memory is unmapped, and no descriptor is left`(size: Int) throws {
    let memory = try TestMemory()
    let during = try onSharedRanks(size, memory) { group throws(CollectiveError) in
      let buffers = [try group.makeBuffer(count: 5), try group.makeBuffer(count: 700_000)]
      try group.barrier()
      let mappings = memory.mappings
      try group.barrier()
      withExtendedLifetime(buffers) {}
      return mappings
    }
    #expect(
      during == Array(repeating: 3 * size, count: size),
      "each rank maps the rendezvous's page and two buffers")
    #expect(memory.mappings == 0)
    #expect(memory.descriptors == 1)
  }

  @Test(
    .enabled(if: TestMemory.hasSmallPages, "the kernel was told to give files in memory large pages"),
    arguments: [4, 5])
  func `a rank has its own lane in place, and of the others' what it works on`(size: Int) throws {
    let memory = try TestMemory()
    let blocks = BlockLayout(size: size)
    let count = 20 * blocks.blockLength
    let (lane, block) = (count * MemoryLayout<Float>.stride, blocks.blockLength * MemoryLayout<Float>.stride)
    let resident = try onSharedRanks(size, memory) { group throws(CollectiveError) in
      let buffer = try group.makeBuffer(count: count)
      try group.barrier()
      let atFirst = memory.residentBytes
      try group.allReduceSum(buffer, 0..<count)
      let afterwards = memory.residentBytes
      try group.barrier()
      withExtendedLifetime(buffer) {}
      return [atFirst, afterwards].map { mappings in mappings.filter { $0 >= lane } }
    }
    let others = (size - 1) * (20 / size) * block
    for mappings in resident {
      #expect(mappings[0] == Array(repeating: lane, count: size))
      // The kernel brings in a few pages around the one that is touched.
      #expect(mappings[1].allSatisfy { $0 <= lane + 2 * others }, "\(mappings[1])")
    }
  }

  @Test func `two buffers keep apart, and start as zeros on a page's edge`() throws {
    let memory = try TestMemory()
    let seen = try onSharedRanks(3, memory) { group throws(CollectiveError) in
      let first = try group.makeBuffer(count: 10)
      let second = try group.makeBuffer(count: 1_000_000)
      let areZeros = (Array(first.floats) + Array(second.floats)).allSatisfy { $0.bitPattern == 0 }
      let areOnEdges = [first, second].allSatisfy {
        Int(bitPattern: $0.floats.baseAddress).isMultiple(of: 4096)
      }
      first.floats.update(repeating: 1)
      second.floats.update(repeating: Float(group.rank))
      try group.allReduceSum(second, 5..<1_000_000)
      try group.allReduceSum(first, 0..<10)
      let isRight =
        first.floats.allSatisfy { $0 == 3 } && second.floats[5...].allSatisfy { $0 == 3 }
        && second.floats[..<5].allSatisfy { $0 == Float(group.rank) }
      return [areZeros, areOnEdges, isRight]
    }
    #expect(seen == Array(repeating: [true, true, true], count: 3))
  }

  @Test func `ranks that mean different buffers are told apart`() throws {
    let memory = try TestMemory()
    let ring = LoopbackRing(size: 4)
    let errors = onRanks(4) { rank throws(CollectiveError) in
      let group = RingGroup(
        ring.transport(rank: rank), rank: rank, size: 4,
        sharedBuffers: SharedBuffers(in: memory.shared, orElseSockets: false))
      let buffers = [try group.makeBuffer(count: 8), try group.makeBuffer(count: 8)]
      try group.allReduceSum(buffers[rank == 1 ? 1 : 0], 0..<8)
    }.map(\.error)
    #expect([0, 2, 3].map { errors[$0]?.culprit } == [1, 1, 1])
    #expect("\(String(describing: errors[2]))".contains("buffer 2, 8 float32 from 0 on"))
  }

  @Test
  func `a buffer that does not fit is refused on every rank, in the same words, and nothing is allocated`()
    throws
  {
    let memory = try TestMemory(limit: 100_000)
    let ring = LoopbackRing(size: 3)
    let errors = onRanks(3) { rank throws(CollectiveError) in
      let group = RingGroup(
        ring.transport(rank: rank), rank: rank, size: 3,
        sharedBuffers: SharedBuffers(in: memory.shared, orElseSockets: false))
      _ = try group.makeBuffer(count: 1_000)
      _ = try group.makeBuffer(count: 20_000)
    }.map(\.error)
    let lane = 81_920
    let rest = 100_000 - 4 * 4096
    #expect(
      errors[0]
        == .noRoom(
          detail:
            "the buffer needs \(3 * lane) bytes of shared memory on this host, and --shm-size leaves \(rest): "
            + "raise --shm-size, or use --transport ipc, which needs none"))
    #expect(errors[1] == errors[0] && errors[2] == errors[0])
    #expect(memory.length == 4 * 4096)
  }

  @Test func `more than the machine has is refused before it is taken`() throws {
    let memory = try TestMemory()
    let ring = LoopbackRing(size: 2)
    let errors = onRanks(2) { rank throws(CollectiveError) in
      let group = RingGroup(
        ring.transport(rank: rank), rank: rank, size: 2,
        sharedBuffers: SharedBuffers(in: memory.shared, orElseSockets: false))
      _ = try group.makeBuffer(count: 1 << 44)
    }.map(\.error)
    guard case .noRoom(let detail) = errors[1] else {
      Issue.record("\(String(describing: errors[1]))")
      return
    }
    #expect(detail.contains("needs 140737488359424 bytes") && detail.contains("--transport ipc"))
    #expect(errors[0] == errors[1])
    #expect(memory.length == 0)
  }

  @Test func `where sockets may stand in, a buffer that does not fit works over them, and the group says so`()
    throws
  {
    let memory = try TestMemory(limit: 50_000)
    let seen = try onSharedRanks(3, memory, orElseSockets: true) { group throws(CollectiveError) in
      let small = try group.makeBuffer(count: 100)
      let noteBefore = group.transportNote
      let large = try group.makeBuffer(count: 20_000)
      small.floats.update(repeating: 1)
      large.floats.update(repeating: 1)
      try group.allReduceSum(large, 0..<20_000)
      try group.allReduceSum(small, 0..<100)
      #expect(noteBefore == nil && small.isShared && !large.isShared)
      #expect(group.transportNote?.contains("--shm-size leaves") == true)
      return [small, large].allSatisfy { $0.floats.allSatisfy { $0 == 3 } }
    }
    #expect(seen == [true, true, true])
  }

  @Test func `a rank that holds another file is named by all others`() throws {
    let memories = try [TestMemory(), TestMemory()]
    let ring = LoopbackRing(size: 4)
    let errors = onRanks(4) { rank throws(CollectiveError) in
      let group = RingGroup(
        ring.transport(rank: rank), rank: rank, size: 4,
        sharedBuffers: SharedBuffers(in: memories[rank == 2 ? 1 : 0].shared, orElseSockets: true))
      _ = try group.makeBuffer(count: 8)
    }.map(\.error)
    #expect([0, 1, 3].map { errors[$0]?.culprit } == [2, 2, 2])
  }
}

/// Runs `body` for every rank of a group that shares `memory`; the groups close in order afterwards.
func onSharedRanks<Value: Sendable>(
  _ size: Int, _ memory: TestMemory, orElseSockets: Bool = false,
  _ body: @escaping @Sendable (RingGroup) throws(CollectiveError) -> Value
) throws -> [Value] {
  let ring = LoopbackRing(size: size)
  return try onRanks(size) { rank throws(CollectiveError) in
    let group = RingGroup(
      ring.transport(rank: rank), rank: rank, size: size,
      sharedBuffers: SharedBuffers(in: memory.shared, orElseSockets: orElseSockets))
    let value = try body(group)
    group.close()
    return value
  }.map { try $0.get() }
}
