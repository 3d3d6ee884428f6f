import Foundation
import TestSupport
import Testing

@testable import Collective

@Suite("Meeting over ipc")
struct ConnectTests {
  @Test(arguments: [1, 2, 4, 8])
  func `ranks meet, leave only locks while they work, and nothing once they have closed`(size: Int) throws {
    let folder = try RendezvousFolder()
    let seen = try onRanks(size) { rank throws(CollectiveError) in
      let group = try Self.connect(folder, rank, of: size)
      try group.barrier()
      let contents = folder.contents.sorted()
      let sum = try group.sum([Int64(rank)])
      group.close()
      return (contents, sum)
    }.map { try $0.get() }
    let locks = (0..<size).map { "ring-\($0).lock" }
    for (contents, sum) in seen { #expect(contents == locks && sum == [Int64(size * (size - 1) / 2)]) }
    #expect(folder.contents.isEmpty)
  }

  @Test(arguments: [2, 5])
  func `with memory at hand, the floats lie in it, and shm without memory is refused`(size: Int) throws {
    let folder = try RendezvousFolder()
    let memory = try TestMemory()
    let sums = try onRanks(size) { rank throws(CollectiveError) in
      var rendezvous = RingRendezvous(
        rank: rank, size: size, run: "test", generation: 0, directory: folder.path)
      rendezvous.memory = memory.shared
      let group = try RingGroup.connect(rendezvous)
      let buffer = try group.makeBuffer(count: 100_000)
      buffer.floats.update(repeating: 1)
      try group.allReduceSum(buffer, 0..<100_000)
      group.close()
      return buffer.isShared && buffer.floats.allSatisfy { $0 == Float(size) }
    }.map { try $0.get() }
    #expect(sums == Array(repeating: true, count: size))
    #expect(folder.contents.isEmpty && memory.mappings == 0)

    var rendezvous = RingRendezvous(rank: 1, size: size, run: "test", generation: 0, directory: folder.path)
    rendezvous.transport = .shm
    let error = Outcome { () throws(CollectiveError) in try RingGroup.connect(rendezvous) }.error
    guard case .setup(1, let detail) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(detail.contains("start it with twins-launch"))
    #expect(folder.contents.isEmpty)
  }

  @Test func `ranks that nobody looks after make folder and memory themselves, and leave neither`() throws {
    let folder = try RendezvousFolder()
    let directory = "\(folder.path)/ring"
    // As a run that was killed leaves it.
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    try FileManager.default.createSymbolicLink(
      atPath: "\(directory)/memory", withDestinationPath: "/proc/0/fd/3")
    let seen = try onRanks(3) { rank throws(CollectiveError) in
      var rendezvous = RingRendezvous(rank: rank, size: 3, run: "test", generation: 0, directory: directory)
      rendezvous.isUnattended = true
      let group = try rendezvous.join()
      let buffer = try group.makeBuffer(count: 1000)
      buffer.floats.update(repeating: 1)
      try group.allReduceSum(buffer, 0..<1000)
      let isLeft = FileManager.default.fileExists(atPath: directory)
      group.close()
      return buffer.isShared && buffer.floats.allSatisfy { $0 == 3 } && !isLeft
    }.map { try $0.get() }
    #expect(seen == [true, true, true])
    #expect(folder.contents.isEmpty)
  }

  @Test func `a folder that somebody else may have made is not used`() throws {
    let folder = try RendezvousFolder()
    let link = "\(folder.path)/ring"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path)
    var rendezvous = RingRendezvous(rank: 0, size: 2, run: "test", generation: 0, directory: link)
    rendezvous.isUnattended = true
    let unattended = rendezvous
    let error = Outcome { () throws(CollectiveError) in try unattended.join() }.error
    guard case .setup(0, let detail) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(detail.contains("is no folder"), "\(detail)")
    #expect(folder.contents == ["ring"])
  }

  @Test func `a rank that does not come is named by all that did, within the deadline`() throws {
    let folder = try RendezvousFolder()
    let start = ContinuousClock.now
    let errors = onRanks(4) { rank throws(CollectiveError) in
      if rank != 1 { try Self.connect(folder, rank, of: 4, deadline: .milliseconds(500)).close() }
    }.map(\.error)
    #expect([0, 2, 3].map { errors[$0]?.culprit } == [1, 1, 1])
    // A rank gives its notice the grace of 5 s to be taken, and as long to get out.
    #expect(ContinuousClock.now - start < .seconds(15))
    #expect(folder.contents.isEmpty)
  }

  @Test func `what a killed run left behind is in nobody's way`() throws {
    let folder = try RendezvousFolder()
    for name in ["ring-0", "ring-0.lock", "ring-1", "ring-1.lock"] {
      #expect(FileManager.default.createFile(atPath: "\(folder.path)/\(name)", contents: Data("1\n".utf8)))
    }
    let outcomes = onRanks(2) { rank throws(CollectiveError) in
      try Self.connect(folder, rank, of: 2).close()
    }
    #expect(outcomes.allSatisfy { $0.error == nil })
    #expect(folder.contents.isEmpty)
  }

  @Test func `a path on which a living process listens is refused, and its owner goes on undisturbed`() throws
  {
    let folder = try RendezvousFolder()
    let outcomes = onRanks(3) { rank throws(CollectiveError) in
      let group = try Self.connect(folder, rank, of: 3)
      let second = Outcome { () throws(CollectiveError) in try Self.connect(folder, rank, of: 3) }.error
      try group.barrier()
      group.close()
      return second
    }
    for (rank, outcome) in outcomes.enumerated() {
      guard case .setup(rank, let detail) = try outcome.get() else {
        Issue.record("rank \(rank): \(outcome)")
        continue
      }
      #expect(detail.contains("held by process \(getpid())"))
    }
  }

  @Test func `a folder that others can enter, that is none or that is too deep is refused with the reason`()
    throws
  {
    let open = try RendezvousFolder(mode: 0o755)
    let deep = try RendezvousFolder()
    let long = "\(deep.path)/" + String(repeating: "d", count: 90)
    try FileManager.default.createDirectory(atPath: long, withIntermediateDirectories: false)
    chmod(long, 0o700)
    let refusals = [
      (open.path, "chmod 700 \(open.path)"), (open.path + "/none", "No such file"),
      ("/dev/null", "not a folder"),
      (long, "at most 107"),
    ]
    for (path, reason) in refusals {
      let error = Outcome { () throws(CollectiveError) in
        try RingGroup.connect(
          RingRendezvous(rank: 0, size: 2, run: "test", generation: 0, directory: path))
      }.error
      guard case .setup(0, let detail) = error else {
        Issue.record("\(path): \(String(describing: error))")
        continue
      }
      #expect(detail.contains(reason))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: long).isEmpty)
  }

  /// On other hosts than the first the ranks of a ring have other numbers among all.
  @Test(arguments: TransportName.allCases, [false, true])
  func `a rank that cannot join is named by its number among all hosts`(
    transport: TransportName, isUnattended: Bool
  ) throws {
    let folder = try RendezvousFolder()
    var rendezvous = RingRendezvous(
      rank: 1, size: 2, run: "test", generation: 0, directory: "\(folder.path)/none/none")
    (rendezvous.transport, rendezvous.firstRank, rendezvous.isUnattended) = (transport, 4, isUnattended)
    let started = rendezvous
    let error = Outcome { () throws(CollectiveError) in try started.join() }.error
    guard case .setup(5, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  private static func connect(
    _ folder: RendezvousFolder, _ rank: Int, of size: Int, deadline: Duration = .seconds(20)
  ) throws(CollectiveError) -> RingGroup {
    var rendezvous = RingRendezvous(
      rank: rank, size: size, run: "test", generation: 0, directory: folder.path)
    rendezvous.deadline = deadline
    rendezvous.timeouts = RingGroup.Timeouts(silence: .seconds(20), grace: .seconds(5))
    return try RingGroup.connect(rendezvous)
  }
}
