import Testing

@testable import Collective

@Suite struct CardsGroupTests {
  /// Notes what it is asked for.
  private final class Engine: CardEngine {
    let name = "ABC 1.2"
    var calls: [String] = []
    var failure: CollectiveError?

    func sum(_ floats: UnsafeMutableBufferPointer<Float>) throws(CollectiveError) {
      calls.append("sum \(UInt(bitPattern: floats.baseAddress)) \(floats.count)")
      if let failure { throw failure }
    }
    func check() throws(CollectiveError) { if let failure { throw failure } }
    func abort() { calls.append("abort") }
    func close() { calls.append("close") }
  }

  @Test func `what lies on a card is its engine's, and all else the processes'`() throws {
    let calls = try onGroup(of: 2, over: .loopback) { group throws(CollectiveError) in
      let engine = Engine()
      let cards = CardsGroup(group, summingBy: engine)
      // An address that nobody touches.
      let onCard = SymmetricBuffer(
        onCard: 1, UnsafeMutableBufferPointer(start: UnsafeMutablePointer(bitPattern: 4096), count: 100))
      try cards.allReduceSum(onCard, 10..<30)
      try cards.reduceScatterSum(onCard, 0..<100)
      try cards.allGatherBlocks(onCard, 0..<100)
      let onHost = try cards.makeBuffer(count: 4)
      for index in onHost.floats.indices { onHost.floats[index] = Float(cards.rank + 1) }
      try cards.allReduceSum(onHost, 0..<4)
      let gathered = try cards.allGather([UInt8(cards.rank)])
      try cards.barrier()
      return engine.calls + ["\(Array(onHost.floats))", "\(gathered)", "\(cards.size)"]
        + [cards.canSum(at: .device(1)), cards.canSum(at: .host)].map { "\($0)" }
    }
    let expected = [
      "sum \(4096 + 40) 20", "sum 4096 100", "[3.0, 3.0, 3.0, 3.0]", "[[0], [1]]", "2", "true", "true",
    ]
    #expect(calls == [expected, expected])
  }

  @Test func `a failure on the cards is seen between two operations, and one of a process first`() throws {
    let seen = try onGroup(of: 2, over: .loopback) { group throws(CollectiveError) in
      let engine = Engine()
      let cards = CardsGroup(group, summingBy: engine)
      var seen = [cards.failureInSight()]
      engine.failure = .system(detail: "ABC 1.2: a sum: broken")
      seen.append(cards.failureInSight())
      engine.failure = nil
      try cards.barrier()
      return seen
    }
    #expect(
      seen == [
        [nil, .system(detail: "ABC 1.2: a sum: broken")], [nil, .system(detail: "ABC 1.2: a sum: broken")],
      ])
  }

  @Test func `who gives up has its sums end, and the others hear why`() throws {
    let seen = try onGroup(of: 2, over: .loopback) { group throws(CollectiveError) in
      let engine = Engine()
      let cards = CardsGroup(group, summingBy: engine)
      guard cards.rank == 0 else {
        while cards.failureInSight() == nil {}
        return engine.calls
      }
      cards.abandon(because: .system(detail: "gone"))
      return engine.calls
    }
    #expect(seen == [["abort"], []])
  }
}
