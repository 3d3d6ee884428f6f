import Foundation
import Glibc
import TestSupport
import Testing

@testable import Launcher
@testable import RunControl

extension EndToEnd {
  @Suite struct HangTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test func `a stopped worker is named with what it did, and all stacks are in the logs`() throws {
      let run = try launch("--hang-timeout", "3", "--max-restarts", "0")
      try #require(kill(try #require(run.workers[1]), SIGSTOP) == 0)
      let end = try run.finish(within: .seconds(20))
      #expect(end.status == Status.software)
      let named = #/twins-launch: rank 1 is stuck in \w+ for [3-9]\.\d s \(epoch \d+, step \d+\)/#
      #expect(end.errors.contains(named), "\(end.errors)")
      #expect(end.errors.contains("── rank 1 failed, and the run was stopped"))
      #expect(end.errors.contains("likely   rank 1 was stopped, by a signal or a debugger"))
      #expect(
        end.errors.contains(#/   at       epoch \d+, after step \d+ of the run, in \w+\n/#), "\(end.errors)")
      #expect(!end.errors.contains("stack of thread"), "stacks are for the logs")
      for rank in [0, 2] {
        let log = try log(rank)
        #expect(log.contains(#/stack of thread \d+ twins-worker:\n.+\n/#), "\(log)")
        // The thread that waits for the launcher's end, at least.
        #expect(log.matches(of: #/stack of thread \d+ /#).count > 1)
        #expect(log.contains("twins-launch: pid "))
      }
      #expect(try log(1).contains("state T (stopped)"))
      #expect(run.workers.isEmpty)
      #expect(place.leftovers.isEmpty)
    }

    @Test func `after a hang the run goes on, and each attempt is watched`() throws {
      let run = try launch("--hang-timeout", "3")
      try #require(kill(try #require(run.workers[1]), SIGSTOP) == 0)
      try run.read(to: "Resuming from")
      try run.read(to: "Epoch: [")
      let status = try ask("status")
      #expect(status.status == Status.done)
      #expect(status.output.contains { $0.contains(", attempt 1: running for ") }, "\(status.output)")
      try #require(kill(try #require(run.workers[0]), SIGSTOP) == 0)
      #expect(try ask("status").status == 1)
      #expect(try ask("stop", "--now").status == Status.done)
      let end = try run.finish()
      #expect(end.status == 128 + SIGTERM, "\(end.errors)")
      #expect(end.errors.contains("── rank 1 failed ──"))
      #expect(run.workers.isEmpty && place.leftovers.isEmpty)
    }

    @Test func `status tells what all do while one is stopped`() throws {
      let run = try launch()
      let worker = try #require(run.workers[2])
      let well = try ask("status")
      #expect(well.status == Status.done)
      let progress = #/^epoch \d+, step \d+ of \d+, loss \d\.\d{4}, [\d.]+ images\/s$/#
      #expect(well.output.contains { $0.contains(progress) }, "\(well.output)")
      try #require(kill(worker, SIGSTOP) == 0)
      let deadline = ContinuousClock.now + ProgramRun.patience
      while !WorkerProcess.isStopped(worker) {
        try #require(ContinuousClock.now < deadline)
        pauseBetweenLooks()
      }
      let folder = "\(place.output("out"))/run"
      let times = try (0..<7).map { _ in
        let start = ContinuousClock.now
        let answer = try ControlClient.ask(ControlRequest(command: .status), folder: folder)
        #expect(answer.status?.ranks[2].state == .stopped)
        return ContinuousClock.now - start
      }
      // Of several, as other programs on this machine are not what is measured.
      #expect(times.sorted()[3] < .milliseconds(100))
      let told = try ask("status")
      #expect(told.status == 1)
      #expect(told.output.contains { $0.contains(#/^2 +\d+ +stopped +\w+ +\d+\.\d s .*kill -CONT \d+/#) })
      let asked = try ask("status", "--json")
      #expect(asked.status == 1)
      let stopped = #/"pid":\d+,"rank":2,"restarts":0,"seconds":[\d.]+,"section":"\w+","state":"stopped"/#
      #expect(try #require(asked.output.first).contains(stopped), "\(asked.output)")
      try #require(kill(worker, SIGCONT) == 0)
      #expect(try ask("checkpoint").status == Status.done)
      #expect(try ask("stop").status == Status.done)
      let end = try run.finish()
      #expect(end.status == Status.stoppedEarly, "\(end.errors)")
      #expect(place.leftovers.isEmpty)
    }

    /// Three workers in the middle of a long training.
    private func launch(_ flags: String...) throws -> ProgramRun {
      let training = place.training("out", "--epochs", "100000", "--no-eval")
      let run = try ProgramRun(.launcher, ["--nproc", "3"] + flags + training, in: place)
      try run.read(to: "Epoch: [1]")
      try #require(Set(run.workers.keys) == [0, 1, 2])
      return run
    }

    /// Asks about the run; from another place, as a program's end takes along what runs in its own.
    private func ask(_ command: String...) throws -> ProgramRun.End {
      try ProgramRun(.launcher, command + [place.output("out")], in: Workplace()).finish()
    }

    private func log(_ rank: Int) throws -> String {
      try String(
        contentsOfFile: "\(place.output("out"))/run/logs/attempt-0/rank-\(rank).log", encoding: .utf8)
    }
  }
}
