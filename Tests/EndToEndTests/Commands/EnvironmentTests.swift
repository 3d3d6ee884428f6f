import Collective
import Flags
import Testing
import WorkerLink

@testable import Launcher
@testable import Worker

/// Both programs' ends of what the environment carries between them.
@Suite struct EnvironmentTests {
  @Test(arguments: 0..<3)
  func `what the launcher writes the worker reads`(rank: Int) throws {
    // Another launcher's, under which this one may run.
    let outer = [
      "RANK": "9", "WORLD_SIZE": "99", "LOCAL_RANK": "9", "LOCAL_WORLD_SIZE": "99",
      "TWINS_SOCKET_DIR": "/other",
      "TWINS_SHM_FD": "77", "TWINS_BOARD_FD": "78", "TWINS_LOG": "/other/log", "TWINS_RUN_FD": "79",
    ]
    var placement = WorkerEnvironment(
      rendezvous: RingRendezvous(rank: 0, size: 3, run: "r1", generation: 2, directory: "/s"),
      masterPort: 41234, threads: .init(named: 5, environment: [:], processors: 8, workers: 3), hasBoard: true
    )
    placement.rendezvous.memory = RingRendezvous.SharedMemory(descriptor: 4, limit: 1 << 30)
    let environment = placement.environment(rank: rank, inheriting: outer)
    let worker = try RankEnvironment(environment)
    let rendezvous = try #require(worker.rendezvous)
    var expected = placement.rendezvous
    expected.rank = rank
    #expect(rendezvous.environment == expected.environment)
    #expect((worker.rank, worker.worldSize) == (rank, 3))
    #expect((worker.localRank, worker.localWorldSize) == (rank, 3))
    #expect((worker.lifeline, worker.log) == (WorkerProcess.lifelineDescriptor, nil))
    #expect(LauncherLink(environment: environment).board == WorkerProcess.boardDescriptor)
    #expect(
      RankEnvironment.threads(environment, usable: 1, processors: 8) == nil, "the launcher named a number")
    #expect(environment[RunRequest.variable] == nil)
  }
}
