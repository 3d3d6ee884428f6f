import Testing

@testable import Collective

@Suite("Ring plan")
struct RingPlanTests {
  static let byteCounts = [0, 4, 16, 20, 16 * 7, 16 * 3 * 5 - 4, 16 * 3 * 5, 16 * 3 * 5 + 4, 1000]

  @Test(arguments: 1...8)
  func `what a rank sends is what the next one expects, in every operation`(size: Int) {
    for plans in Self.everyOperation(of: size) {
      for rank in 0..<size { #expect(plans[rank].sends == plans[(rank + 1) % size].receives) }
    }
  }

  @Test(arguments: 1...8)
  func `a segment is sent on only once it has arrived`(size: Int) {
    for plan in Self.everyOperation(of: size).joined() {
      #expect(plan.receivesBeforeSend.count == plan.sends.count)
      for (send, needed) in zip(plan.sends, plan.receivesBeforeSend) where needed > 0 {
        let source = plan.receives[needed - 1]
        #expect((source.chunk, source.segment) == (send.chunk, send.segment))
        #expect(plan.pieces(of: source) == plan.pieces(of: send))
      }
    }
  }

  @Test(arguments: 2...8)
  func `each block is summed from the rank after its owner, once round the ring`(size: Int) {
    for byteCount in Self.byteCounts {
      let plans = Self.allReduce(byteCount, size)
      let everyRanksSums = simulate(plans) { rank, _ in [rank] }
      for sums in everyRanksSums {
        for (piece, order) in sums {
          let owner = piece.lowerBound / 16 % size
          #expect(order == (1...size).map { (owner + $0) % size })
        }
        #expect(sums.keys.reduce(0) { $0 + $1.count } == byteCount)
      }
    }
  }

  @Test(arguments: 1...8)
  func `an all-reduce sends 2 (n - 1) / n of the bytes from each rank, over all ranks exactly`(size: Int) {
    for byteCount in Self.byteCounts {
      let sent = Self.allReduce(byteCount, size).map { $0.sends.count(bytesIn: $0) }
      #expect(sent.reduce(0, +) == 2 * (size - 1) * byteCount)
    }
  }

  @Test(arguments: 1...8)
  func `a broadcast brings the root's bytes to all, and ends before the root`(size: Int) {
    for root in 0..<size {
      let plans = (0..<size).map {
        RingPlan.broadcast(byteCount: 130, root: root, rank: $0, size: size, grain: .tiny)
      }
      let results = simulate(plans) { rank, _ in [rank] }
      for result in results { #expect(result.values.allSatisfy { $0 == [root] }) }
      #expect(plans[root].receives.isEmpty && plans[(root + size - 1) % size].sends.isEmpty)
    }
  }

  @Test(arguments: 1...8)
  func `an all-gather brings every contribution to all, empty ones too`(size: Int) {
    let lengths = (0..<size).map { [50, 0, 200, 48, 1, 49, 0, 96][$0] }
    let plans = (0..<size).map { RingPlan.allGather(lengths: lengths, rank: $0, grain: .tiny) }
    let starts = lengths.indices.map { lengths[..<$0].reduce(0, +) }
    for result in simulate(plans, starting: { rank, _ in [rank] }) {
      for (piece, source) in result {
        let owner = starts.lastIndex { $0 <= piece.lowerBound }
        #expect(source == [owner])
      }
    }
  }

  @Test(arguments: 1...8)
  func `signals reach all other ranks, and those of a round trip their sender too`(size: Int) {
    for rank in 0..<size {
      let others = (1..<size).map { (rank + size - $0) % size }
      #expect(RingPlan.signals(rank: rank, size: size, grain: .tiny).receives.map(\.chunk) == others)
      #expect(RingPlan.roundTrip(rank: rank, size: size).receives.map(\.chunk) == others + [rank])
    }
  }

  static func allReduce(_ byteCount: Int, _ size: Int) -> [RingPlan] {
    (0..<size).map { RingPlan.allReduce(0..<byteCount / 4, rank: $0, size: size, grain: .tiny) }
  }

  static func everyOperation(of size: Int) -> [[RingPlan]] {
    byteCounts.map { allReduce($0, size) }
      + (0..<size).map { root in
        (0..<size).map { .broadcast(byteCount: 130, root: root, rank: $0, size: size, grain: .tiny) }
      } + [
        (0..<size).map { .allGather(lengths: (0..<size).map { $0 * 40 }, rank: $0, grain: .tiny) },
        (0..<size).map { .roundTrip(rank: $0, size: size) },
      ]
  }
}

extension [RingPlan.Transfer] {
  fileprivate func count(bytesIn plan: RingPlan) -> Int {
    reduce(0) { $0 + plan.pieces(of: $1).reduce(0) { $0 + $1.count } }
  }
}

/// Runs plans without bytes: each piece of each rank's buffer holds the list of ranks that have been added to it.
private func simulate(
  _ plans: [RingPlan], starting: (Int, Range<Int>) -> [Int]
) -> [[Range<Int>: [Int]]] {
  var buffers = plans.indices.map { rank in
    let pieces = Set((plans[rank].sends + plans[rank].receives).flatMap { plans[rank].pieces(of: $0) })
    return Dictionary(uniqueKeysWithValues: pieces.map { ($0, starting(rank, $0)) })
  }
  var queues = Array(repeating: [[Range<Int>: [Int]]](), count: plans.count)
  var sent = Array(repeating: 0, count: plans.count)
  var received = sent
  var isMoving = true
  while isMoving {
    isMoving = false
    for (rank, plan) in plans.enumerated() {
      while sent[rank] < plan.sends.count, received[rank] >= plan.receivesBeforeSend[sent[rank]] {
        let pieces = plan.pieces(of: plan.sends[sent[rank]])
        queues[rank].append(Dictionary(uniqueKeysWithValues: pieces.map { ($0, buffers[rank][$0] ?? []) }))
        sent[rank] += 1
        isMoving = true
      }
      let previous = (rank + plans.count - 1) % plans.count
      while received[rank] < plan.receives.count, !queues[previous].isEmpty {
        let isSum = plan.isSum(plan.receives[received[rank]])
        for (piece, order) in queues[previous].removeFirst() {
          buffers[rank][piece] = isSum ? order + (buffers[rank][piece] ?? []) : order
        }
        received[rank] += 1
        isMoving = true
      }
    }
  }
  for (rank, plan) in plans.enumerated() {
    #expect(sent[rank] == plan.sends.count && received[rank] == plan.receives.count, "rank \(rank) hangs")
  }
  return buffers
}
