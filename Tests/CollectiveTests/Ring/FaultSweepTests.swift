import Foundation
import TestSupport
import Testing

@testable import Collective

/// A hundred runs of random operations on random groups, each with one random fault.
///
/// A fault is survived or it is a typed error that names its rank, on every rank; no rank ever sees a wrong result,
/// and none waits longer than its deadline.
@Suite("A hundred random faults")
struct FaultSweepTests {
  /// Short where a fault can only be seen as silence, long enough for a busy machine not to be taken for one.
  private static let timeouts = RingGroup.Timeouts(silence: .seconds(2), grace: .seconds(1))

  @Test func `are survived or named`() throws {
    // Twenty at a time: most of the time they wait for a deadline.
    for outcome in onRanks(
      20,
      { lane throws(CollectiveError) in
        for seed in stride(from: lane, to: 100, by: 20) {
          #expect(throws: Never.self) { try check(UInt64(seed)) }
        }
      })
    { try outcome.get() }
  }

  private func check(_ seed: UInt64) throws {
    var dice = Dice(seed: seed)
    let wire = TestWire.allCases[dice.roll(TestWire.allCases.count)]
    // A frozen rank costs a whole deadline, so there are few.
    let quick = FaultyTransport.Fault.allCases.filter { $0 != .freeze }
    let fault = seed % 12 == 0 ? .freeze : quick[dice.roll(quick.count)]
    let size = 2 + dice.roll(7)
    let victim = dice.roll(size)
    let message = dice.roll(80)
    let operations = (0..<6).map { _ in Operation(dice: &dice, size: size) }
    let start = ContinuousClock.now
    let errors = try Self.run(over: wire, size: size, fault, by: victim, atMessage: message) {
      group throws(CollectiveError) in
      for operation in operations { try operation.run(in: group) }
    }
    let what = "seed \(seed): \(fault) by rank \(victim) of \(size), message \(message), over \(wire)"
    #expect(ContinuousClock.now - start < .seconds(60), "\(what)")
    // A rank that had its last result before the fault was noticed has nothing to report.
    let reports = errors.enumerated().filter { $0.offset != victim }.compactMap(\.element)
    #expect(reports.allSatisfy { $0.culprit == victim }, "\(what): \(reports)")
  }
}

extension FaultSweepTests {
  /// Runs ranks of which one has the fault, and gives their errors; a frozen rank thaws when the others are done.
  private static func run(
    over wire: TestWire, size: Int, _ fault: FaultyTransport.Fault, by victim: Int, atMessage message: Int,
    _ body: @escaping @Sendable (RingGroup) throws(CollectiveError) -> Void
  ) throws -> [CollectiveError?] {
    let ring = try TestRing(wire, size: size, queueLength: 64)
    let thaw = DispatchSemaphore(value: 0)
    let ended = Counter()
    let errors = onRanks(size) { rank throws(CollectiveError) in
      defer {
        // The victim is the one that cannot be the last to end by itself.
        if rank != victim, ended.increment() == size - 1 { thaw.signal() }
      }
      var transport = try ring.transport(rank)
      if rank == victim {
        transport = FaultyTransport(fault, atMessage: size + message, of: transport, thaw: thaw)
      }
      let group = RingGroup(
        transport, rank: rank, size: size, timeouts: timeouts, grain: .tiny, sharedBuffers: ring.sharedBuffers
      )
      try group.join(within: .seconds(20))
      try body(group)
      group.close()
    }.map(\.error)
    #expect(ring.leftovers.isEmpty, "files are left: \(ring.leftovers)")
    return errors
  }
}

/// The same numbers in every run.
private struct Dice {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678_9ABC_DEF1 }

  /// A number below `sides`.
  mutating func roll(_ sides: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(sides))
  }
}

/// One call whose result is checked on the spot.
private struct Operation: Sendable {
  let kind: Int
  let length: Int
  let root: Int

  init(dice: inout Dice, size: Int) {
    kind = dice.roll(5)
    length = 1 + dice.roll(300)
    root = dice.roll(size)
  }

  func run(in group: RingGroup) throws(CollectiveError) {
    let contributions = (0..<group.size).map { roughFloats(count: length, rank: $0) }
    let sum = canonicalSum(contributions, blockLength: group.grain.blockLength)
    switch kind {
    case 0:
      var values = contributions[group.rank]
      try group.allReduceSum(&values)
      #expect(values.differences(from: sum) == 0)
    case 1:
      let buffer = try group.makeBuffer(count: length)
      _ = buffer.floats.update(from: contributions[group.rank])
      try group.reduceScatterSum(buffer, 0..<length)
      try group.allGatherBlocks(buffer, 0..<length)
      #expect(Array(buffer.floats).differences(from: sum) == 0)
    case 2:
      #expect(
        try group.broadcast(OperationTests.bytes(length, from: group.rank), from: root)
          == OperationTests.bytes(length, from: root))
    case 3:
      let all = try group.allGather(OperationTests.bytes(length, from: group.rank))
      #expect(all == (0..<group.size).map { OperationTests.bytes(length, from: $0) })
    default: try group.barrier()
    }
  }
}
