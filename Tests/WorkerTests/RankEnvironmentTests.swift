import Collective
import Flags
import Foundation
import Recipe
import TestSupport
import Testing
import Torch
import WorkerLink

@testable import Worker

@Suite struct RankEnvironmentTests {
  private let launched = [
    "RANK": "2", "LOCAL_RANK": "2", "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "4", "TWINS_SOCKET_DIR": "/s",
    "TWINS_RUN_ID": "r1", "TWINS_GENERATION": "3", "TWINS_TRANSPORT": "ipc", "TWINS_LIFELINE_FD": "5",
  ]

  @Test func `under the launcher all comes from the environment`() throws {
    let placement = try RankEnvironment(launched)
    #expect((placement.rank, placement.localRank) == (2, 2))
    #expect((placement.worldSize, placement.localWorldSize) == (4, 4))
    let rendezvous = try #require(placement.rendezvous)
    #expect((rendezvous.directory, rendezvous.run, rendezvous.transport) == ("/s", "r1", .ipc))
    #expect((rendezvous.generation, placement.lifeline) == (3, 5))
    #expect(!placement.isFirst)
  }

  @Test(arguments: [[:], ["WORLD_SIZE": "1", "RANK": "0"], ["RANK": "7"]])
  func `a worker on its own`(environment: [String: String]) throws {
    let placement = try RankEnvironment(environment)
    #expect((placement.rank, placement.worldSize, placement.localWorldSize) == (0, 1, 1))
    #expect(placement.rendezvous == nil && placement.lifeline == nil)
    #expect(placement.isFirst)
  }

  @Test func `another launcher's workers are not eight runs in one folder`() {
    let error = #expect(throws: RecipeError.self) { try RankEnvironment(["WORLD_SIZE": "8", "RANK": "1"]) }
    #expect(error?.exitStatus == .badConfiguration)
    #expect(error?.description.contains("twins-launch --nproc 8") == true)
  }

  @Test(arguments: [("RANK", "4"), ("RANK", "-1"), ("RANK", ""), ("LOCAL_RANK", "x"), ("WORLD_SIZE", "many")])
  func `a number that does not fit is named`(name: String, value: String) {
    let error = #expect(throws: RecipeError.self) {
      try RankEnvironment(launched.merging([name: value]) { $1 })
    }
    #expect(error?.description.hasPrefix("\(name)='\(value)' ") == true)
    #expect(error?.exitStatus == .badConfiguration)
  }

  @Test func `a rank that is missing is named`() {
    var environment = launched
    environment["RANK"] = nil
    let error = #expect(throws: RecipeError.self) { try RankEnvironment(environment) }
    #expect(error?.description.hasPrefix("RANK='' ") == true)
  }
}

@Suite struct SeveralHostsTests {
  private let link = HostLink(
    hosts: 3, host: 2, address: "10.0.0.3", storeAddress: "10.0.0.1", storePort: 4711, run: "all",
    generation: 5)
  private var environment: [String: String] {
    [
      "RANK": "9", "LOCAL_RANK": "1", "WORLD_SIZE": "12", "LOCAL_WORLD_SIZE": "4", "TWINS_SOCKET_DIR": "/s",
      "TWINS_RUN_ID": "own", "TWINS_GENERATION": "3",
    ].merging(link.environment) { $1 }
  }

  @Test func `the ring is the host's, ranks count over all hosts`() throws {
    let placement = try RankEnvironment(environment)
    #expect((placement.rank, placement.worldSize) == (9, 12))
    #expect((placement.localRank, placement.localWorldSize, placement.hosts) == (1, 4, link))
    let ring = try #require(placement.rendezvous)
    #expect((ring.rank, ring.size, ring.firstRank, ring.run, ring.generation) == (1, 4, 8, "own", 3))
    #expect(!placement.isFirst)
  }

  @Test(arguments: [
    ("RANK", "8"), ("RANK", "1"), ("WORLD_SIZE", "10"), ("TWINS_HOST", "3"), ("TWINS_HOST", "1"),
  ])
  func `numbers that contradict one another are refused`(name: String, value: String) {
    let error = #expect(throws: RecipeError.self) {
      try RankEnvironment(environment.merging([name: value]) { $1 })
    }
    #expect(error?.exitStatus == .badConfiguration)
    #expect(
      error?.description.contains("does not fit") == true || error?.description.contains("that fits") == true)
  }

  @Test func `a rehearsal stands for all workers, with the last device of its own host`() {
    let spread = RankEnvironment.rehearsal(environment)
    #expect((spread.worldSize, spread.localWorldSize, spread.localRank) == (12, 4, 3))
    let one = RankEnvironment.rehearsal(["WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "2"])
    #expect((one.worldSize, one.localWorldSize, one.localRank) == (4, 4, 3))
    let torchrun = RankEnvironment.rehearsal([
      "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "r", "RANK": "0",
    ])
    #expect((torchrun.worldSize, torchrun.localWorldSize, torchrun.localRank) == (4, 2, 1))
    #expect(RankEnvironment.rehearsal([:]).worldSize == 1)
  }

  @Test func `a store that is not there is a typed error of this worker, with the address`() throws {
    var ring = RingRendezvous(rank: 0, size: 1, run: "r", generation: 0, directory: "/nowhere")
    (ring.firstRank, ring.timeouts.silence) = (1, .milliseconds(500))
    // Port 1 is the system's own, and nobody listens there.
    let port: UInt16 = 1
    let hosts = HostLink(
      hosts: 2, host: 1, address: "127.0.0.2", storeAddress: "127.0.0.1", storePort: port, run: "r",
      generation: 0)
    let error = #expect(throws: CollectiveError.self) { try HostsEntrance(hosts, of: ring) }
    #expect(error?.culprit == 1)
    #expect(
      "\(error!)".contains("its host 1 did not meet the others: the store at 127.0.0.1, port \(port): "))
  }
}

@Suite struct TorchrunPlaceTests {
  /// As torchrun of PyTorch 2.13 gives it to the second worker of the second of two hosts.
  private let environment = [
    "RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2", "GROUP_RANK": "1",
    "GROUP_WORLD_SIZE": "2", "ROLE_NAME": "default", "ROLE_RANK": "3", "ROLE_WORLD_SIZE": "4",
    "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "42677", "TORCHELASTIC_RESTART_COUNT": "2",
    "TORCHELASTIC_MAX_RESTARTS": "3", "TORCHELASTIC_RUN_ID": "2166414f",
    "TORCHELASTIC_USE_AGENT_STORE": "True",
    "OMP_NUM_THREADS": "1",
  ]

  @Test func `what torchrun says is enough to meet`() throws {
    let placement = try RankEnvironment(environment)
    #expect((placement.rank, placement.worldSize) == (3, 4))
    #expect((placement.localRank, placement.localWorldSize, placement.lifeline) == (1, 2, nil))
    let ring = try #require(placement.rendezvous)
    #expect((ring.rank, ring.size, ring.firstRank) == (1, 2, 2))
    #expect((ring.run, ring.generation, ring.isUnattended) == ("2166414f", 2, true))
    let hosts = try #require(placement.hosts)
    #expect((hosts.hosts, hosts.host, hosts.run, hosts.generation) == (2, 1, "2166414f", 2))
    #expect((hosts.storeAddress, hosts.storePort, hosts.storeSocket) == ("10.0.0.1", 42677, nil))
    #expect(!placement.hasFolder && !placement.isFirst)
  }

  @Test func `workers of one host and attempt have one folder, and no others have it`() throws {
    func folder(_ changes: [String: String]) throws -> String? {
      try RankEnvironment(environment.merging(changes) { $1 }).rendezvous?.directory
    }
    let own = try folder([:])
    #expect(try folder(["RANK": "2", "LOCAL_RANK": "0"]) == own)
    for change in [
      ["TORCHELASTIC_RESTART_COUNT": "3"], ["MASTER_PORT": "42678"], ["TORCHELASTIC_RUN_ID": "other"],
      ["GROUP_RANK": "0", "RANK": "1"], ["MASTER_ADDR": "10.0.0.2"], ["TMPDIR": "/var/tmp"],
    ] { #expect(try folder(change) != own, "\(change)") }
    #expect(try folder(["TMPDIR": "/" + String(repeating: "d", count: 50)]) == own)
  }

  @Test func `rank 0 alone looks after the folder, and has no other host where there is one`() throws {
    let one = [
      "RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2", "GROUP_RANK": "0", "GROUP_WORLD_SIZE": "1",
    ]
    let placement = try RankEnvironment(environment.merging(one) { $1 })
    #expect(placement.hasFolder && placement.hosts == nil)
    #expect(
      try !RankEnvironment(environment.merging(one) { $1 }.merging(["RANK": "1", "LOCAL_RANK": "1"]) { $1 })
        .hasFolder)
    let alone = try RankEnvironment(environment.merging(["WORLD_SIZE": "1"]) { $1 })
    #expect(alone.rendezvous == nil && alone.hasFolder)
  }

  @Test(
    arguments: [
      ("RANK", "2", "RANK=2 is not that of LOCAL_RANK=1 on GROUP_RANK=1, which is 3"),
      ("LOCAL_WORLD_SIZE", "3", "WORLD_SIZE=4 is not GROUP_WORLD_SIZE=2 times LOCAL_WORLD_SIZE=3"),
      ("GROUP_RANK", "2", "GROUP_RANK='2' is no number"), ("MASTER_PORT", "", "MASTER_PORT='' is no number"),
      ("MASTER_ADDR", "", "MASTER_ADDR is missing"), ("WORLD_SIZE", "x", "WORLD_SIZE='x' is no number"),
      ("GROUP_WORLD_SIZE", nil, "GROUP_WORLD_SIZE='' is no number"),
    ] as [(String, String?, String)])
  func `what is missing or contradicts the rest is named`(name: String, value: String?, words: String) {
    var environment = environment
    environment[name] = value
    let error = #expect(throws: RecipeError.self) { try RankEnvironment(environment) }
    #expect(error?.exitStatus == .badConfiguration)
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }

  @Test func `whom a worker waits for is named`() throws {
    let place = try #require(try TorchrunPlace(environment))
    #expect(
      place.waitingLine(absent: [2])?.hasPrefix("rank 3 has waited 10 s for rank 2, of this host") == true)
    #expect(place.waitingLine(absent: [])?.contains("the others of this host, which are there") == true)
    #expect(
      place.waitingLine(absent: nil)?.contains("the other 1 of 2 hosts, which meet at 10.0.0.1, port 42677")
        == true)
    let one = ["RANK": "1", "GROUP_RANK": "0", "GROUP_WORLD_SIZE": "1", "WORLD_SIZE": "2"]
    let alone = try #require(try TorchrunPlace(environment.merging(one) { $1 }))
    #expect(alone.waitingLine(absent: nil) == nil)
  }

  @Test func `who has not come is seen in the folder`() throws {
    let folder = try TemporaryFolder()
    var ring = RingRendezvous(rank: 1, size: 3, run: "r", generation: 0, directory: "\(folder.path)/ring")
    ring.firstRank = 3
    #expect(ring.absentRanks == nil)
    try FileManager.default.createDirectory(atPath: ring.directory, withIntermediateDirectories: false)
    #expect(ring.absentRanks == [3])
    for name in ["memory", "ring-0.lock", "ring-1.lock"] {
      #expect(FileManager.default.createFile(atPath: "\(ring.directory)/\(name)", contents: nil))
    }
    #expect(ring.absentRanks == [5])
  }

  @Test func `a master that is not there, or is this host's own loopback by another name, is refused`() throws
  {
    let place = try #require(
      try TorchrunPlace(environment.merging(["MASTER_ADDR": "no-such-host.invalid"]) { $1 }))
    let error = #expect(throws: CollectiveError.self) { try place.located(try #require(place.link)) }
    #expect(error?.isOfConfiguration == true)
    let own = try #require(try TorchrunPlace(environment.merging(["MASTER_ADDR": "127.0.0.1"]) { $1 }))
    #expect(try own.located(try #require(own.link)).address == "127.0.0.1")
  }
}

@Suite struct DeviceChoiceTests {
  private let third = RankEnvironment(rendezvous: nil, localRank: 3, localWorldSize: 4, lifeline: nil)

  @Test func `every worker shares the one processor`() throws {
    #expect(try Device(.cpu, for: third) == .cpu)
  }

  @Test func `words mean kinds`() {
    #expect(DeviceChoice.allCases.map(\.kind) == [.cpu, .cuda, .cuda, .cuda, .npu])
  }

  @Test func `without a word the workers take the best kind there is for all of them`() throws {
    let crowd = RankEnvironment(rendezvous: nil, localRank: 0, localWorldSize: 999, lifeline: nil)
    #expect(try Device(nil, for: crowd) == .cpu)
  }

  @Test func `a card that is not there is refused`() {
    let beyond = RankEnvironment(rendezvous: nil, localRank: 999, localWorldSize: 1000, lifeline: nil)
    let error = #expect(throws: Failure.self) { try Device(.npu, for: beyond) }
    #expect(error?.exitStatus == .noDevice)
    #expect(error?.description.contains("device npu number 999 is not there") == true)
  }
}
