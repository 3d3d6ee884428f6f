import Collective
import Flags
import Recipe
import Testing
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
