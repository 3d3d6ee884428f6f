import Foundation
import System
import TestSupport
import Testing
import Wire

@testable import Collective

/// Rank 1 of four does wrong; rank 2, after it, is the witness.
@Suite("Faults")
struct FaultTests {
  /// Long, so that on the busiest machine the witness's word comes before anybody's guess.
  private static let patient = RingGroup.Timeouts(silence: .seconds(30), grace: .seconds(15))

  @Test(arguments: TestWire.allCases, FaultyTransport.Fault.allCases.filter { $0 != .die && $0 != .freeze })
  func
    `a message damaged, doubled, lost or out of order is a typed error that names its sender, on every rank`(
      wire: TestWire, fault: FaultyTransport.Fault
    ) throws
  {
    // In shared memory an operation is three messages of each rank; the last may be missed only at a deadline.
    for message in wire == .shared ? [3, 4, 9] : [0, 5, 11] {
      let errors = try run(over: wire, fault, atMessage: message) { group throws(CollectiveError) in
        var values = roughFloats(count: 200, rank: group.rank)
        try group.allReduceSum(&values)
        try group.allReduceSum(&values)
      }
      #expect(errors.map { $0?.culprit } == [1, 1, 1, 1], "message \(message)")
      let operation = wire == .shared ? message == 9 ? "all-reduce 4" : "all-reduce 2" : "all-reduce 1"
      guard case .corrupt(1, operation, _) = errors[2] else {
        Issue.record("message \(message): the witness says \(String(describing: errors[2]))")
        continue
      }
    }
  }

  @Test(arguments: TestWire.allCases, [0, 1, 7, 13])
  func `a rank that dies is named by all others`(wire: TestWire, message: Int) throws {
    let start = ContinuousClock.now
    let errors = try run(over: wire, .die, atMessage: message) { group throws(CollectiveError) in
      for _ in 0..<3 { try group.barrier() }
      var values = roughFloats(count: 200, rank: group.rank)
      try group.allReduceSum(&values)
    }
    #expect([0, 2, 3].map { errors[$0]?.culprit } == [1, 1, 1])
    guard case .lostPeer(1, _, _) = errors[2] else {
      Issue.record("the witness says \(String(describing: errors[2]))")
      return
    }
    #expect(ContinuousClock.now - start < Self.patient.grace, "no deadline was needed to notice")
  }

  @Test(arguments: TestWire.allCases)
  func `the rank before a dead one names it, though the witness is busy elsewhere`(wire: TestWire) throws {
    let hasFailed = DispatchSemaphore(value: 0)
    let timeouts = RingGroup.Timeouts(silence: .seconds(30), grace: .milliseconds(100))
    let errors = try run(over: wire, .die, atMessage: 0, timeouts: timeouts) {
      group throws(CollectiveError) in
      if group.rank == 2 { hasFailed.wait() }
      defer { if group.rank == 0 { hasFailed.signal() } }
      try group.barrier()
    }
    #expect([0, 2].map { errors[$0]?.culprit } == [1, 1], "\(errors)")
  }

  @Test func `what is seen between two operations is not said of one that nobody called`() throws {
    let hasGone = DispatchSemaphore(value: 0)
    let seen = try onGroup(of: 2, over: .loopback) { group throws(CollectiveError) -> CollectiveError? in
      if group.rank == 1 {
        group.abandon(because: .system(detail: "it has a fault"))
        hasGone.signal()
        return nil
      }
      hasGone.wait()
      return group.failureInSight()
    }
    #expect(seen[0].map { "\($0)".hasPrefix("between operations: ") } == true, "\(seen)")
  }

  @Test(arguments: TestWire.allCases)
  func `a rank that skips, resizes or repeats an operation is named by all others`(wire: TestWire) throws {
    let name = Self.firstAllReduce(over: wire)
    let skipped = try run(over: wire) { group throws(CollectiveError) in
      let buffer = try group.makeBuffer(count: 9)
      if group.rank == 1 { return try group.barrier() }
      try group.allReduceSum(buffer, 0..<8)
    }
    #expect([0, 2, 3].map { skipped[$0]?.culprit } == [1, 1, 1])
    #expect(
      skipped[2]
        == .mismatch(
          rank: 1, operation: name, expected: "\(name) of 8 float32",
          found: name.replacing("all-reduce", with: "barrier")))

    let resized = try run(over: wire) { group throws(CollectiveError) in
      let buffer = try group.makeBuffer(count: 9)
      try group.allReduceSum(buffer, 0..<(group.rank == 1 ? 9 : 8))
    }
    #expect([0, 2, 3].map { resized[$0]?.culprit } == [1, 1, 1])
    #expect(
      resized[2]
        == .mismatch(
          rank: 1, operation: name, expected: "\(name) of 8 float32", found: "\(name) of 9 float32"))

    let otherRoot = try run(over: wire) { group throws(CollectiveError) in
      _ = try group.broadcast([1, 2, 3], from: group.rank == 1 ? 1 : 0)
      try group.barrier()
    }
    #expect(
      otherRoot[2]
        == .mismatch(
          rank: 1, operation: "broadcast 1", expected: "broadcast 1 of 3 bytes from rank 0",
          found: "broadcast 1 of 3 bytes from rank 1"))
  }

  @Test(arguments: TestWire.allCases)
  func `a rank that leaves while others work is named as gone`(wire: TestWire) throws {
    let errors = try run(over: wire) { group throws(CollectiveError) in
      let buffer = try group.makeBuffer(count: 8)
      if group.rank == 1 { return }
      try group.allReduceSum(buffer, 0..<8)
    }
    #expect([0, 2, 3].map { errors[$0]?.culprit } == [1, 1, 1])
    let name = Self.firstAllReduce(over: wire)
    #expect(errors[2] == .lostPeer(rank: 1, operation: name, observation: "it has left the group"))
  }

  @Test(arguments: TestWire.allCases)
  func `a rank of another run, start or size is refused`(wire: TestWire) throws {
    let cases: [(String, Int, Int, String)] = [
      ("other", 0, 4, "run of digest"), ("test", 3, 4, "generation 0"), ("test", 0, 5, "number of ranks 4"),
    ]
    for (run, generation, size, expected) in cases {
      let ring = try TestRing(wire, size: 4, loopbackQueueLength: 4)
      let errors = onRanks(4) { rank throws(CollectiveError) in
        let transport = try ring.transport(rank)
        let isOdd = rank == 1
        let group = RingGroup(
          transport, rank: rank, size: isOdd ? size : 4, run: isOdd ? run : "test",
          generation: isOdd ? generation : 0, timeouts: Self.patient)
        try group.join(within: .seconds(20))
      }.map(\.error)
      guard case .mismatch(1, "handshake 0", let wanted, _) = errors[2] else {
        Issue.record("\(expected): \(errors)")
        continue
      }
      #expect(wanted.hasPrefix(expected))
      #expect([0, 2, 3].map { errors[$0]?.culprit } == [1, 1, 1], "\(errors)")
    }
  }

  @Test func `a rank that does not come is named by all others in time, and waiting uses no processor time`()
    throws
  {
    let haveFailed = DispatchSemaphore(value: 0)
    let waited = Monitor<[Double]>([])
    let timeouts = RingGroup.Timeouts(silence: .milliseconds(300), grace: .seconds(1))
    for wire in TestWire.allCases {
      let errors = try run(over: wire, timeouts: timeouts) { group throws(CollectiveError) in
        let buffer = try group.makeBuffer(count: 8)
        if group.rank == 1 { return haveFailed.wait(forEach: 0..<3) }
        let start = threadSeconds()
        defer {
          waited.withLock { $0.append(threadSeconds() - start) }
          haveFailed.signal()
        }
        try group.allReduceSum(buffer, 0..<8)
      }
      let name = Self.firstAllReduce(over: wire)
      #expect(errors[2] == .timeout(rank: 1, operation: name, seconds: 0.3))
      #expect([0, 3].map { errors[$0]?.culprit } == [1, 1])
    }
    #expect(waited.withLock { $0.allSatisfy { $0 < 0.1 } })
  }

  @Test(arguments: [true, false])
  func `a rank that says it waits itself is named as a guess, and a silent one is not`(saysSo: Bool) throws {
    let ring = LoopbackRing(size: 2)
    let timeouts = RingGroup.Timeouts(silence: .milliseconds(50), grace: .milliseconds(20))
    let waiting = RingGroup(ring.transport(rank: 0), rank: 0, size: 2, timeouts: timeouts)
    let other = RingGroup(ring.transport(rank: 1), rank: 1, size: 2)
    // The first is forgotten as the waiting rank sends its own part.
    for _ in 0..<(saysSo ? 2 : 0) {
      let sign = Message(byteCount: FrameHeader.byteCount)
      var header = other.identity
      header.operation = CollectiveCall.Operation.signOfLife.rawValue
      header.encode(into: sign.bytes)
      #expect(try other.transport.trySend(sign))
    }
    let error = Outcome { () throws(CollectiveError) in try waiting.barrier() }.error
    #expect(error == .timeout(rank: 1, operation: "barrier 0", seconds: 0.05, isGuess: saysSo))
    #expect(error?.description.contains("is a guess") == saysSo)
  }

  @Test func `after an error, or once closed, a group says that it is unusable and why`() throws {
    let after = onRanks(2) { rank throws(CollectiveError) in
      let ring = LoopbackRing(size: 2)
      let timeouts = RingGroup.Timeouts(silence: .milliseconds(20), grace: .milliseconds(20))
      let alone = RingGroup(ring.transport(rank: rank), rank: rank, size: 2, timeouts: timeouts)
      let first = Outcome { () throws(CollectiveError) in try alone.barrier() }.error
      let second = Outcome { () throws(CollectiveError) in try alone.barrier() }.error
      alone.close()
      return first.map { second == .unusable(cause: $0) } ?? false
    }
    #expect(after.map { try? $0.get() } == [true, true])
    let group = RingGroup(LoopbackRing(size: 1).transport(rank: 0), rank: 0, size: 1)
    group.close()
    #expect(throws: CollectiveError.closed) { try group.barrier() }
  }

  /// The name of an all-reduce just after the making of a buffer, in which ranks without shared memory do not meet.
  private static func firstAllReduce(over wire: TestWire) -> String {
    wire == .shared ? "all-reduce 2" : "all-reduce 1"
  }

  /// Runs four ranks that have met, of which rank 1 has the fault, and gives the errors by rank.
  private func run(
    over wire: TestWire, _ fault: FaultyTransport.Fault? = nil, atMessage message: Int = 0,
    timeouts: RingGroup.Timeouts = patient,
    _ body: @escaping @Sendable (RingGroup) throws(CollectiveError) -> Void
  ) throws -> [CollectiveError?] {
    let ring = try TestRing(wire, size: 4, queueLength: 64)
    let errors = onRanks(4) { rank throws(CollectiveError) in
      var transport = try ring.transport(rank)
      let handshake = 4
      if let fault, rank == 1 {
        transport = FaultyTransport(fault, atMessage: handshake + message, of: transport)
      }
      let group = RingGroup(
        transport, rank: rank, size: 4, timeouts: timeouts, grain: .tiny, sharedBuffers: ring.sharedBuffers)
      try group.join(within: .seconds(20))
      try body(group)
      group.close()
    }.map(\.error)
    #expect(ring.leftovers.isEmpty, "files are left: \(ring.leftovers)")
    return errors
  }
}

/// The processor time of the calling thread.
private func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

extension DispatchSemaphore {
  /// Waits once for each element.
  fileprivate func wait(forEach range: Range<Int>) { for _ in range { wait() } }
}
