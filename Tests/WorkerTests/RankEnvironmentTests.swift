import Collective
import Flags
import Recipe
import Testing
import WorkerLink
import Torch

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
    let error = #expect(throws: CollectiveError.self) { try HostsGroup.connect(ring, hosts) }
    #expect(error?.culprit == 1)
    #expect(
      "\(error!)".contains("its host 1 did not meet the others: the store at 127.0.0.1, port \(port): "))
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
