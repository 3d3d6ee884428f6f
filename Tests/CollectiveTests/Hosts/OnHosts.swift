import System
import TestSupport

@testable import Collective

/// What the ranks of one test on several hosts meet through.
final class TestHosts: Sendable {
  let hosts: Int
  let hostSize: Int
  private let rings: [TestRing]
  private let engines: [LoopbackEngines]
  private let wire: TestWire

  init(_ hosts: Int, of hostSize: Int, over wire: TestWire = .shared) throws {
    (self.hosts, self.hostSize, self.wire) = (hosts, hostSize, wire)
    rings = try (0..<hosts).map { _ in try TestRing(wire, size: hostSize) }
    engines = (0..<hostSize).map { _ in LoopbackEngines(size: hosts) }
  }

  /// How many messages the first rank of each host has sent to others.
  var messages: [Int] { engines[0].state.withLock { state in (0..<hosts).map { state.messages[$0] ?? 0 } } }

  /// The group of one rank; ask once for each, on its thread.
  func group(
    _ rank: Int, run: String = "test", generation: Int = 0, grain: RingGrain = .tiny,
    gradientWire: WireFormat = .float32, timeouts: RingGroup.Timeouts = .short,
    fault: LoopbackEngine.Fault? = nil,
    failureElsewhere: @escaping () -> Int? = { nil }
  ) throws(CollectiveError) -> HostsGroup {
    let (host, place) = (rank / hostSize, rank % hostSize)
    let local = RingGroup(
      transport: try rings[host].transport(place, grain: grain), rank: place, size: hostSize, run: "host",
      generation: 0, timeouts: timeouts, grain: grain, gradientWire: .float32,
      sharedBuffers: rings[host].sharedBuffers, firstRank: host * hostSize)
    return try HostsGroup(
      local, over: engines[place].engine(host, fault: fault), run: run, generation: generation,
      gradientWire: gradientWire, timeouts: timeouts, failureElsewhere: failureElsewhere)
  }
}

/// Runs `body` for every rank of `hosts` hosts of `hostSize` ranks; the groups close in order afterwards.
func onHosts<Value: Sendable>(
  _ hosts: Int, of hostSize: Int, over wire: TestWire = .shared, grain: RingGrain = .tiny,
  gradientWire: WireFormat = .float32,
  _ body: @escaping @Sendable (HostsGroup) throws(CollectiveError) -> Value
) throws -> [Value] {
  let meeting = try TestHosts(hosts, of: hostSize, over: wire)
  return try onRanks(hosts * hostSize) { rank throws(CollectiveError) in
    let group = try meeting.group(rank, grain: grain, gradientWire: gradientWire)
    let value = try body(group)
    group.close()
    return value
  }.map { try $0.get() }
}
