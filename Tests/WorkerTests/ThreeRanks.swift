import TestSupport

@testable import Collective

/// Runs `body` for each of three ranks of one group, on threads of this process; the results by rank.
func onThreeRanks<Value: Sendable>(
  _ body: @escaping @Sendable (Int, RingGroup) throws -> Value
) throws -> [Value] {
  let ring = LoopbackRing(size: 3)
  return try onRanks(3) { rank throws in
    let group = RingGroup(
      transport: ring.transport(rank: rank), rank: rank, size: 3, run: "test", generation: 0,
      timeouts: .init(silence: .seconds(60)))
    defer { group.close() }
    return try body(rank, group)
  }.map { try $0.get() }
}
