import TestSupport
import Testing

@testable import Collective
@testable import Engines

@Suite("Gloo as an engine", .serialized)
struct GlooEngineTests {
  private static var soon: ContinuousClock.Instant { .now + .seconds(60) }

  @Test func `bytes arrive by sender and tag, in whatever order they are received`() throws {
    let seen = try onEngines(3) { engine throws(EngineFailure) in
      let peers = (1..<3).map { (engine.rank + $0) % 3 }
      let own = (0..<2).map { Room(300_000 + $0, of: UInt8(10 * engine.rank + $0)) }
      let rooms = peers.map { _ in (0..<2).map { Room(300_000 + $0) } }
      var transfers: [any EngineTransfer] = []
      for (peer, rooms) in zip(peers, rooms) {
        for tag in [1, 0] {
          transfers.append(try engine.receive(into: rooms[tag].bytes, from: peer, tag: UInt32(tag)))
        }
      }
      for peer in peers {
        for tag in [0, 1] {
          transfers.append(
            try engine.send(UnsafeRawBufferPointer(own[tag].bytes), to: peer, tag: UInt32(tag)))
        }
      }
      for transfer in transfers { try transfer.wait(until: Self.soon) }
      withExtendedLifetime(own) {}
      return zip(peers, rooms).allSatisfy { peer, rooms in
        (0..<2).allSatisfy { tag in rooms[tag].bytes.allSatisfy { $0 == UInt8(10 * peer + tag) } }
      }
    }.map { try $0.get() }
    #expect(seen == [true, true, true])
  }

  @Test func `a message of no bytes, and the highest tag, arrive`() throws {
    let ends = try onEngines(2) { engine throws(EngineFailure) in
      let (own, room) = (Room(0), Room(0))
      let receive = try engine.receive(into: room.bytes, from: 1 - engine.rank, tag: .max)
      try engine.send(UnsafeRawBufferPointer(own.bytes), to: 1 - engine.rank, tag: .max).wait(
        until: Self.soon)
      try receive.wait(until: Self.soon)
      withExtendedLifetime((own, room)) {}
    }
    #expect(ends.allSatisfy { if case .success = $0 { true } else { false } })
  }

  @Test func `a peer that is gone is lost, before any deadline and by its number`() throws {
    let ends = try onEngines(3) { engine throws(EngineFailure) in
      guard engine.rank != 1 else { return }
      let room = Room(100)
      defer { withExtendedLifetime(room) {} }
      try engine.receive(into: room.bytes, from: 1, tag: 0).wait(until: Self.soon)
    }
    for rank in [0, 2] {
      guard case .failure(.lost(peer: 1, let words)) = ends[rank] else {
        Issue.record("\(ends[rank])")
        continue
      }
      #expect(!words.isEmpty && !words.hasPrefix("[/") && !words.contains("\n"), "\(words)")
    }
  }

  @Test func `a peer that does not send is late, after the deadline`() throws {
    let done = Gate()
    let ends = try onEngines(2) { engine throws(EngineFailure) in
      if engine.rank == 1 { return done.pass() }
      defer { done.open() }
      let room = Room(100)
      defer { withExtendedLifetime(room) {} }
      try engine.receive(into: room.bytes, from: 1, tag: 0).wait(until: .now + .milliseconds(300))
    }
    guard case .failure(.late(peer: 1)) = ends[0] else {
      Issue.record("\(ends[0])")
      return
    }
  }

  @Test func `memory of a receive that was given up is touched no more`() throws {
    let gaveUp = Gate()
    let seen = try onEngines(2) { engine throws(EngineFailure) in
      let room = Room(1 << 20, of: 7)
      if engine.rank == 0 {
        try engine.receive(into: room.bytes, from: 1, tag: 0).abort()
        gaveUp.open()
        engine.close()
        return room.bytes.allSatisfy { $0 == 7 }
      }
      gaveUp.pass()
      // Whether it leaves is of no interest.
      try? engine.send(UnsafeRawBufferPointer(room.bytes), to: 0, tag: 0).wait(until: .now + .seconds(2))
      withExtendedLifetime(room) {}
      return true
    }.map { try $0.get() }
    #expect(seen == [true, true])
  }

  @Test func `processes of which one does not come are told so, with the addresses`() throws {
    let socket = try storeSocket()
    let error = #expect(throws: EngineFailure.self) {
      let store = try EngineStore(
        at: "127.0.0.1", port: socket.port, listeningOn: socket.descriptor, within: .seconds(1))
      _ = try GlooEngine(
        meetingIn: store, as: "test", listeningOn: "127.0.0.1", rank: 0, size: 2, within: .milliseconds(500))
    }
    guard case .setup(let words) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(words.hasPrefix("process 0 of 2 on 127.0.0.1: "), "\(words)")
  }

  @Test(arguments: [(2, 2), (2, 1), (3, 1)])
  func `sums over hosts are those of sum groups, to the bit`(hosts: Int, hostSize: Int) throws {
    let (size, count) = (hosts * hostSize, 500_000)
    let rings = (0..<hosts).map { _ in LoopbackRing(size: hostSize) }
    let socket = try storeSocket()
    let sums = try onRanks(size) { rank throws in
      let (host, place) = (rank / hostSize, rank % hostSize)
      let store = try EngineStore(
        at: "127.0.0.1", port: socket.port, listeningOn: rank == 0 ? socket.descriptor : nil,
        within: .seconds(20))
      let engine = try GlooEngine(
        meetingIn: store, as: "place-\(place)", listeningOn: "127.0.0.\(host + 1)", rank: host, size: hosts,
        within: .seconds(20))
      let local: any ProcessGroup =
        hostSize == 1
        ? SoloGroup()
        : RingGroup(
          transport: rings[host].transport(rank: place), rank: place, size: hostSize, run: "t", generation: 0)
      let group = try HostsGroup(local, over: engine, run: "t", generation: 0)
      defer { group.close() }
      let buffer = try group.makeBuffer(count: count)
      for index in 0..<count { buffer.floats[index] = rough(index, rank) }
      try group.allReduceSum(buffer, 0..<count)
      return Array(buffer.floats)
    }.map { try $0.get() }
    for index in stride(from: 0, to: count, by: 997) {
      let block = index / 16_384
      let groups = (0..<hosts).map { host in
        (1..<hostSize).reduce(rough(index, host * hostSize + (block + 1) % hostSize)) {
          $0 + rough(index, host * hostSize + (block + 1 + $1) % hostSize)
        }
      }
      let last = block / hostSize
      let sum = (1..<hosts).reduce(groups[(last + 1) % hosts]) { $0 + groups[(last + 1 + $1) % hosts] }
      for rank in 0..<size { #expect(sums[rank][index].bitPattern == sum.bitPattern, "\(rank) \(index)") }
    }
  }
}

/// A float whose sums depend on their order.
private func rough(_ index: Int, _ rank: Int) -> Float {
  let mixed = (UInt64(index) &* 0x9E37_79B9_7F4A_7C15) ^ (UInt64(rank + 1) &* 0xC2B2_AE3D_27D4_EB4F)
  return Float(Int32(truncatingIfNeeded: mixed >> 20))
    * Float(sign: .plus, exponent: Int(mixed & 15), significand: 1)
}
