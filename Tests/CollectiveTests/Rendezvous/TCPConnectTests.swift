import Foundation
import TestSupport
import Testing
import Wire

@testable import Collective

@Suite("Meeting over tcp")
struct TCPConnectTests {
  @Test(arguments: [1, 2, 4, 8], [false, true])
  func `ranks meet, leave only locks while they work, and nothing once they have closed`(
    size: Int, encrypts: Bool
  ) throws {
    let folder = try RendezvousFolder(secretsFor: size)
    let seen = try onRanks(size) { rank throws(CollectiveError) in
      let group = try RingGroup.connect(folder.rendezvous(rank: rank, size: size, encrypts: encrypts))
      try group.barrier()
      // Each rank takes its own announcement away once it has joined.
      let contents = folder.contents.sorted()
      let sum = try group.sum([Int64(rank)])
      group.close()
      return (contents, sum)
    }.map { try $0.get() }
    let locks = (0..<size).map { "ring-\($0).lock" }
    for (contents, sum) in seen { #expect(contents == locks && sum == [Int64(size * (size - 1) / 2)]) }
    #expect(folder.contents.isEmpty)
  }

  @Test func `an IPv6 loopback address serves as well`() throws {
    let folder = try RendezvousFolder(secretsFor: 2)
    let sums = onRanks(2) { rank throws(CollectiveError) in
      var rendezvous = folder.rendezvous(rank: rank, size: 2)
      rendezvous.address = "::1"
      let group = try RingGroup.connect(rendezvous)
      defer { group.close() }
      return try group.sum([Int64(rank + 1)])
    }
    // A machine without IPv6 says so.
    for sum in sums {
      switch sum {
      case .success(let sum): #expect(sum == [3])
      case .failure(.setup(_, let detail)), .failure(.noRoute(let detail)):
        #expect(detail.contains("Cannot assign requested address"))
      case .failure(let error): Issue.record(error)
      }
    }
  }

  @Test(arguments: [2, 3])
  func `an encrypted ring computes what any other does, and sees a death as soon`(size: Int) throws {
    let contributions = (0..<size).map { roughFloats(count: 5000, rank: $0) }
    let sums = try onGroup(of: size, over: .curve) { group throws(CollectiveError) in
      var values = roughFloats(count: 5000, rank: group.rank)
      try group.allReduceSum(&values)
      return values
    }
    let expected = canonicalSum(contributions, blockLength: 4)
    for sum in sums { #expect(sum.bits == expected.bits) }

    let ring = try TestRing(.curve, size: size)
    let start = ContinuousClock.now
    let errors = onRanks(size) { rank throws(CollectiveError) in
      let group = RingGroup(try ring.transport(rank), rank: rank, size: size)
      try group.join(within: .seconds(20))
      if rank == 0 { return group.transport.close(flushingFor: .zero) }
      try group.barrier()
    }.map(\.error)
    for rank in 1..<size { #expect(errors[rank]?.culprit == 0, "\(errors)") }
    #expect(ContinuousClock.now - start < .seconds(20), "no deadline was needed to notice")
  }

  @Test func `a rank that does not come is named by all that did, within the deadline`() throws {
    let folder = try RendezvousFolder(secretsFor: 4)
    let start = ContinuousClock.now
    let errors = onRanks(4) { rank throws(CollectiveError) in
      var rendezvous = folder.rendezvous(rank: rank, size: 4)
      rendezvous.deadline = .milliseconds(500)
      rendezvous.timeouts.grace = .seconds(1)
      if rank != 1 { try RingGroup.connect(rendezvous).close() }
    }.map(\.error)
    #expect([0, 2, 3].map { errors[$0]?.culprit } == [1, 1, 1], "\(errors)")
    #expect(ContinuousClock.now - start < .seconds(10))
    #expect(folder.contents.isEmpty)
  }

  @Test func `what a dead run, another run or an earlier start left behind is not used`() throws {
    let folder = try RendezvousFolder(secretsFor: 2)
    let address = try #require(IPAddress("127.0.0.1"))
    let stale = [
      RingAnnouncement(run: "other", generation: 0, address: address, port: 9, token: "t"),
      RingAnnouncement(run: "test", generation: 1, address: address, port: 9, token: "t"),
      RingAnnouncement(
        run: "test", generation: 0, process: try Self.deadProcess(), address: address, port: 9, token: "t"),
    ]
    for announcement in stale {
      for rank in 0..<2 {
        let path = SocketPathLock.announcementPath(of: RingGroup.socketPath(of: rank, in: folder.path))
        try PrivateFile.replace(path, with: announcement.text)
      }
      // The second rank comes only when the first has seen the stale file and waits.
      let outcomes = onRanks(2) { rank throws(CollectiveError) in
        let transport = try ZeroMQTransport(rendezvous: TCPRendezvous(folder.rendezvous(rank: rank, size: 2)))
        try transport.wait(for: [], until: .now)
        let group = RingGroup(transport, rank: rank, size: 2)
        try group.join(within: .seconds(20))
        group.close()
      }
      #expect(outcomes.allSatisfy { $0.error == nil }, "\(outcomes)")
    }
    #expect(folder.contents.isEmpty)
  }

  @Test func `an announcement is read as it was written, and nothing else is one`() throws {
    let address = try #require(IPAddress("127.0.0.1"))
    let announcement = RingAnnouncement(run: "a\nb", generation: 3, address: address, port: 65535, token: "t")
    let text = announcement.text
    #expect(RingAnnouncement(text, run: "a\nb", generation: 3) == announcement)
    let changed = ["", "\n", text + "\n", String(text.dropFirst()), text.replacing("65535", with: "65536")]
    for other in changed + [
      text.replacing("127.0.0.1", with: "localhost.org"), text.replacing("\n", with: " "),
    ] {
      #expect(RingAnnouncement(other, run: "a\nb", generation: 3) == nil, "\(other)")
    }
    #expect(RingAnnouncement(text, run: "a", generation: 3) == nil)
  }

  @Test func `a place that a living process holds is refused, and its owner goes on undisturbed`() throws {
    let folder = try RendezvousFolder(secretsFor: 3)
    let seconds = try onRanks(3) { rank throws(CollectiveError) in
      let group = try RingGroup.connect(folder.rendezvous(rank: rank, size: 3))
      let second = Outcome { () throws(CollectiveError) in
        try RingGroup.connect(folder.rendezvous(rank: rank, size: 3))
      }.error
      try group.barrier()
      group.close()
      return second
    }.map { try $0.get() }
    for (rank, second) in seconds.enumerated() {
      guard case .setup(rank, let detail) = second else {
        Issue.record("rank \(rank): \(String(describing: second))")
        continue
      }
      #expect(detail.contains("held by process \(getpid())"))
    }
  }

  /// The number of a process that has ended and been waited for.
  private static func deadProcess() throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/true")
    try process.run()
    process.waitUntilExit()
    return process.processIdentifier
  }
}
