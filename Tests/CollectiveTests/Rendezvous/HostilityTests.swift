import Foundation
import TestSupport
import Testing
import Wire

@testable import Collective

@Suite("Strangers at the door")
struct HostilityTests {
  @Test(arguments: [false, true])
  func `none gets a byte across, costs a step or ends the run, while the ring forms and when it stands`(
    encrypts: Bool
  ) throws {
    let size = 3
    let folder = try RendezvousFolder(secretsFor: size)
    let outcomes = onRanks(size) { rank throws(CollectiveError) in
      let rendezvous = try TCPRendezvous(folder.rendezvous(rank: rank, size: size, encrypts: encrypts))
      let transport = try ZeroMQTransport(rendezvous: rendezvous)
      let target = try Self.announcement(of: rendezvous)
      var open = try Self.attack(target, rendezvous)
      let group = RingGroup(transport, rank: rank, size: size)
      try group.join(within: .seconds(20))
      transport.stopListening()
      var sums: [[Int64]] = []
      for step in 0..<3 {
        open += try Self.attack(target, rendezvous)
        sums.append(try group.sum([Int64(rank + step)]))
      }
      open = []
      sums.append(try group.sum([1]))
      group.close()
      return sums
    }
    #expect(outcomes.allSatisfy { (try? $0.get()) == [[3], [6], [9], [3]] }, "\(outcomes)")
    #expect(folder.contents.isEmpty)
  }

  @Test func `one who knows all secrets and repeats what was said is not let in once the ring stands`() throws
  {
    let folder = try RendezvousFolder(secretsFor: 2)
    let sums = try onRanks(2) { rank throws(CollectiveError) in
      let rendezvous = try TCPRendezvous(folder.rendezvous(rank: rank, size: 2))
      let transport = try ZeroMQTransport(rendezvous: rendezvous)
      let target = try Self.announcement(of: rendezvous)
      let group = RingGroup(transport, rank: rank, size: 2)
      try group.join(within: .seconds(20))
      transport.stopListening()
      let frame = Self.frame(of: 1 - rank)
      try Self.orSystemError {
        try Attack.knock(at: target.endpoint, as: rendezvous.security.client(of: target), sending: frame)
      }
      let sum = try group.sum([Int64(rank)])
      group.close()
      return sum
    }.map { try $0.get() }
    #expect(sums == [[1], [1]])
  }

  @Test(arguments: [false, true])
  func `a rank that would let a stranger in does not start`(encrypts: Bool) throws {
    let folder = try RendezvousFolder(secretsFor: 2)
    let error = Outcome { () throws(CollectiveError) in
      var rendezvous = try TCPRendezvous(folder.rendezvous(rank: 0, size: 2, encrypts: encrypts))
      rendezvous.hasAuthenticator = false
      rendezvous.refusalLimit = .milliseconds(200)
      _ = try ZeroMQTransport(rendezvous: rendezvous)
    }.error
    guard case .setup(0, let detail) = error else {
      Issue.record("it starts: \(String(describing: error))")
      return
    }
    #expect(detail.contains(encrypts ? "was let in" : "was not refused in time"))
    #expect(folder.contents.isEmpty)
  }

  @Test(arguments: [false, true])
  func `ranks with secrets of two runs say so, and do not meet`(encrypts: Bool) throws {
    let folders = [try RendezvousFolder(secretsFor: 2), try RendezvousFolder(secretsFor: 2)]
    let doors = onRanks(2) { rank throws(CollectiveError) in
      let rendezvous = try TCPRendezvous(folders[rank].rendezvous(rank: rank, size: 2, encrypts: encrypts))
      let transport = try ZeroMQTransport(rendezvous: rendezvous)
      // As if one had copied the announcement, but not the secrets.
      let other = RingGroup.socketPath(of: rank, in: folders[1 - rank].path)
      let target = try Self.announcement(of: rendezvous)
      try Self.orSystemError {
        try PrivateFile.replace(SocketPathLock.announcementPath(of: other), with: target.text)
      }
      let group = RingGroup(transport, rank: rank, size: 2)
      try group.join(within: .seconds(1))
    }.map(\.error)
    let refusals = doors.filter {
      if case .setup(_, let detail) = $0 { detail.contains("refused its key") } else { false }
    }
    #expect(encrypts ? doors.allSatisfy { $0 != nil } : !refusals.isEmpty, "\(doors)")
  }

  @Test func `over ipc, who only connects and leaves, or says nothing, ends nothing`() throws {
    let ring = try TestRing(.ipc, size: 2)
    let sums = try onRanks(2) { rank throws(CollectiveError) in
      let transport = try ring.transport(rank)
      let path = RingGroup.socketPath(of: rank, in: ring.path)
      for _ in 0..<3 { try Self.orSystemError { _ = try Connection(path: path) } }
      let group = RingGroup(transport, rank: rank, size: 2)
      try group.join(within: .seconds(20))
      let silent = Outcome { () throws(CollectiveError) in
        try Self.orSystemError { try Connection(path: path) }
      }
      let sum = try group.sum([Int64(rank)])
      withExtendedLifetime(silent) { group.close() }
      return sum
    }.map { try $0.get() }
    #expect(sums == [[1], [1]])
  }

  private static func attack(_ target: RingAnnouncement, _ rendezvous: TCPRendezvous) throws(CollectiveError)
    -> [Connection]
  {
    try orSystemError {
      try Attack.allCases.compactMap {
        try $0.run(at: target, rendezvous.security, frame: frame(of: (rendezvous.ring.rank + 2) % 3))
      }
    }
  }

  /// The first frame that a rank's neighbour waits for.
  private static func frame(of rank: Int) -> Message {
    let message = Message(byteCount: FrameHeader.byteCount)
    FrameHeader(
      operation: CollectiveCall.Operation.farewell.rawValue, element: 1,
      run: FrameHeader.digest(ofRun: "test"),
      generation: 0, rank: UInt16(rank), size: 3
    ).encode(into: message.bytes)
    return message
  }

  private static func announcement(of rendezvous: TCPRendezvous) throws(CollectiveError) -> RingAnnouncement {
    let found = try orSystemError {
      try PrivateFile.read(rendezvous.pathLock.announcementPath)
        .flatMap { RingAnnouncement($0, run: rendezvous.ring.run, generation: rendezvous.ring.generation) }
    }
    guard let found else { throw .system(detail: "no announcement") }
    return found
  }

  private static func orSystemError<Value>(_ body: () throws -> Value) throws(CollectiveError) -> Value {
    do { return try body() } catch { throw .system(detail: "\(error)") }
  }
}
