import Foundation
import TestSupport
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

    /// A launcher that reads nothing for a while, and then never again.
    @Test func `what the launcher had not read when it was killed is in the log`() throws {
      let run = try launchThree("--log-every", "1", "--no-eval")
      let files = RunFiles(folder: place.output("out"))
      func steps() throws -> Int { try files.bytes("train.jsonl").count { $0 == UInt8(ascii: "\n") } }
      run.send(SIGSTOP)
      let seen = try steps()
      let deadline = ContinuousClock.now + ProgramRun.patience
      while try steps() < seen + 20, .now < deadline { pauseBetweenLooks() }
      let made = try steps()
      try run.waitForWorkers(within: .seconds(2)) { run.send(SIGKILL) }
      let log = try String(decoding: files.bytes("run/logs/attempt-0/rank-0.log"), as: UTF8.self)
      let lines = log.split(separator: "\n").filter { $0.hasPrefix("Epoch: [") && !$0.contains("Total") }
      // The last step's line may be under way.
      #expect(made >= seen + 20 && lines.count >= made - 1, "\(lines.count) of \(made)")
      #expect(log.contains("rank 0: the launcher is gone, so this worker ends\n"))
    }

    /// Three workers in the middle of a long training.
    private func launchThree(_ flags: String...) throws -> ProgramRun {
      let training = place.training("out", "--epochs", "100000") + flags
      let run = try ProgramRun(.launcher, ["--nproc", "3", "--max-restarts", "0"] + training, in: place)
      try run.read(to: "Epoch: [1]")
      try #require(Set(run.workers.keys) == [0, 1, 2])
      try #require(place.leftovers.count == 1, "the folder for sockets")
      return run
    }
  }
}
