import Foundation
import Testing

extension EndToEnd {
  @Suite struct DeathTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test func `a killed worker ends the run within five seconds, and the report names it`() throws {
      let run = try launchThree()
      kill(try #require(run.workers[1]), SIGKILL)
      let end = try run.finish(within: .seconds(5))
      #expect(end.status == 128 + SIGKILL)
      #expect(end.errors.contains("── rank 1 failed, and the run was stopped"))
      #expect(end.errors.contains("killed by SIGKILL (signal 9)"))
      #expect(run.workers.isEmpty)
      #expect(place.leftovers.isEmpty)
    }

    @Test func `workers whose launcher was killed end within two seconds and take the sockets away`() throws {
      let run = try launchThree()
      try run.waitForWorkers(within: .seconds(2)) { run.send(SIGKILL) }
      #expect(try run.finish().status == 128 + SIGKILL)
      #expect(run.workers.isEmpty)
      #expect(place.leftovers.isEmpty)
    }

    /// Three workers in the middle of a long training.
    private func launchThree() throws -> ProgramRun {
      let run = try ProgramRun(
        .launcher, ["--nproc", "3", "--max-restarts", "0"] + place.training("out", "--epochs", "100000"),
        in: place)
      try run.read(to: "Epoch: [1]")
      try #require(Set(run.workers.keys) == [0, 1, 2])
      try #require(place.leftovers.count == 1, "the folder for sockets")
      return run
    }
  }
}
