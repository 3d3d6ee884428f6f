import Foundation
import TestSupport
import Testing

@testable import Collective

/// What can go wrong between the references and the end of an operation in shared memory.
@Suite("Meeting in shared memory")
struct SharedBarrierTests {
  @Test func `a rank that dies while it sums is named by all others, without a deadline`() throws {
    let start = ContinuousClock.now
    // Three messages of the buffer, three of references; the next one would be the dying rank's notice.
    let errors = try run(silence: .seconds(30), dyingAtMessage: 6) { group, _, _ throws(CollectiveError) in
      if group.rank == 1 { throw .system(detail: "killed by the test") }
    }
    #expect([0, 2, 3].map { errors[$0]?.culprit } == [1, 1, 1])
    guard case .lostPeer(1, "all-reduce 1", _) = errors[2] else {
      Issue.record("the witness says \(String(describing: errors[2]))")
      return
    }
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test func `a rank that stops while it sums is named by all others at the deadline`() throws {
    let haveFailed = DispatchSemaphore(value: 0)
    let errors = try run(silence: .seconds(1)) { group, _, _ throws(CollectiveError) in
      if group.rank == 1 { for _ in 0..<3 { haveFailed.wait() } }
    } afterwards: {
      haveFailed.signal()
    }
    #expect([0, 2, 3].map { errors[$0]?.culprit } == [1, 1, 1], "\(errors)")
  }

  @Test func `a neighbour that leaves while one looks has said why, and is not to blame`() throws {
    let (haveFailed, looks, hasLeft) = (
      DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
    )
    let errors = try run(silence: .seconds(30), grace: .zero) { transport, rank in
      guard rank == 2 else { return transport }
      return LookingTransport(over: transport) {
        looks.signal()
        hasLeft.wait()
      }
    } part: { group, _, call throws(CollectiveError) in
      if group.rank == 1 { for _ in 0..<3 { haveFailed.wait() } }
      if group.rank == 3 {
        looks.wait()
        throw .lostPeer(rank: 1, operation: call.name, observation: "this rank alone has seen it go")
      }
    } afterwards: { rank in
      haveFailed.signal()
      if rank == 3 { hasLeft.signal() }
    }
    #expect([0, 2, 3].map { errors[$0]?.culprit } == [1, 1, 1], "\(errors)")
  }

  @Test(arguments: [3, 4, 5])
  func `a rank that stops between two messages is named by all others, who wait for one another`(message: Int)
    throws
  {
    let haveFailed = DispatchSemaphore(value: 0)
    let memory = try TestMemory()
    let ring = LoopbackRing(size: 4, capacity: 16)
    let timeouts = RingGroup.Timeouts(silence: .seconds(1), grace: .seconds(1))
    let errors = onRanks(4) { rank throws(CollectiveError) in
      var transport = ring.transport(rank: rank)
      if rank == 1 {
        transport = StoppingTransport(atMessage: message, of: transport) {
          for _ in 0..<3 { haveFailed.wait() }
        }
      }
      let group = RingGroup(
        transport, rank: rank, size: 4, timeouts: timeouts,
        sharedBuffers: SharedBuffers(in: memory.shared, orElseSockets: false))
      let buffer = try group.makeBuffer(count: 8)
      defer { if rank != 1 { haveFailed.signal() } }
      try group.allReduceSum(buffer, 0..<8)
    }.map(\.error)
    #expect([0, 2, 3].map { errors[$0]?.culprit } == [1, 1, 1], "\(errors)")
  }

  @Test func `a rank that fails while others wait tells them`() throws {
    let errors = try run(silence: .seconds(30)) { group, _, _ throws(CollectiveError) in
      if group.rank == 1 { throw .system(detail: "out of luck") }
    }
    #expect([0, 2, 3].map { errors[$0]?.culprit } == [1, 1, 1])
    #expect("\(String(describing: errors[0]))".contains("out of luck"))
  }

  @Test func `a message of the next operation that comes while ranks meet is kept for it`() throws {
    let hasEnded = DispatchSemaphore(value: 0)
    let memory = try TestMemory()
    let ring = LoopbackRing(size: 2, capacity: 1)
    let outcomes = onRanks(2) { rank throws(CollectiveError) in
      let group = RingGroup(
        ring.transport(rank: rank), rank: rank, size: 2,
        sharedBuffers: SharedBuffers(in: memory.shared, orElseSockets: false))
      let buffer = try group.makeBuffer(count: 8)
      if rank == 0 {
        defer { hasEnded.signal() }
        try group.allReduceSum(buffer, 0..<8)
        return try group.barrier()
      }
      try group.perform(.allReduce, element: .float32, range: 0..<8) { call throws(CollectiveError) in
        try group.exchangeReferences(to: buffer, 0..<8, during: call)
        try Self.sendBarrier(2, of: group)
        // The queue holds one message: room means that rank 0, which waits for this rank, has taken it.
        try group.transport.wait(for: .room, until: .now + .seconds(20))
        try group.meet(during: call)
      }
      // Without this its connections would end while rank 0 still sends.
      hasEnded.wait()
    }
    #expect(outcomes.map(\.error) == [nil, nil])
  }

  @Test func `a thousand barriers hold every rank until the last has come`() throws {
    let memory = try TestMemory()
    let sums = try onSharedRanks(4, memory) { group throws(CollectiveError) in
      let buffer = try group.makeBuffer(count: 4 * 16_384)
      for round in 0..<1_000 {
        let index = round % buffer.count
        buffer.floats[index] = Float(group.rank + round)
        try group.allReduceSum(buffer, index..<index + 1)
        guard buffer.floats[index] == Float(6 + 4 * round) else { return round }
        buffer.floats[index] = -1
      }
      return 1_000
    }
    #expect(sums == [1_000, 1_000, 1_000, 1_000])
  }

  private static func sendBarrier(_ sequence: UInt64, of group: RingGroup) throws(CollectiveError) {
    let plan = RingPlan.signals(rank: group.rank, size: group.size, grain: group.grain)
    var barrier = RingExchange(
      CollectiveCall(.barrier, sequence: sequence), plan: plan,
      on: UnsafeMutableRawBufferPointer(start: nil, count: 0))
    while try !group.transport.trySend(barrier.makeNextSend(from: group.identity)) {
      try group.transport.wait(for: .room, until: .now + .seconds(20))
    }
  }

  /// Four ranks take part in an all-reduce, of which `part` is the summing; gives the errors by rank.
  private func run(
    silence: Duration, dyingAtMessage message: Int? = nil,
    _ part: @escaping @Sendable (RingGroup, SymmetricBuffer, CollectiveCall) throws(CollectiveError) -> Void,
    afterwards: @escaping @Sendable () -> Void = {}
  ) throws -> [CollectiveError?] {
    try run(silence: silence) { transport, rank in
      guard let message, rank == 1 else { return transport }
      return FaultyTransport(.die, atMessage: message, of: transport)
    } part: {
      (group, buffer, call) throws(CollectiveError) in
      try part(group, buffer, call)
    } afterwards: { _ in
      afterwards()
    }
  }

  /// The same, each rank over what `wire` makes of its transport.
  private func run(
    silence: Duration, grace: Duration = .seconds(15),
    wire: @escaping @Sendable (any RingTransport, Int) -> any RingTransport,
    part: @escaping @Sendable (RingGroup, SymmetricBuffer, CollectiveCall) throws(CollectiveError) -> Void,
    afterwards: @escaping @Sendable (Int) -> Void
  ) throws -> [CollectiveError?] {
    let memory = try TestMemory()
    let ring = LoopbackRing(size: 4, capacity: 16)
    let timeouts = RingGroup.Timeouts(silence: silence, grace: grace)
    return onRanks(4) { rank throws(CollectiveError) in
      let group = RingGroup(
        wire(ring.transport(rank: rank), rank), rank: rank, size: 4, timeouts: timeouts,
        sharedBuffers: SharedBuffers(in: memory.shared, orElseSockets: false))
      let buffer = try group.makeBuffer(count: 8)
      defer { if rank != 1 { afterwards(rank) } }
      try group.perform(.allReduce, element: .float32, range: 0..<8) { call throws(CollectiveError) in
        try group.exchangeReferences(to: buffer, 0..<8, during: call)
        try part(group, buffer, call)
        try group.meet(during: call)
      }
    }.map(\.error)
  }
}
