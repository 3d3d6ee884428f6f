import Foundation
import Glibc
import Testing
import TestSupport

@testable import Launcher
@testable import RunControl

/// Workers that hang while they run: nothing holds them, and no call of theirs returns an error.
@Suite struct SpinTests {
  @Test func `a worker in an endless loop is named, and its stack shows the loop`() throws {
    let run = try launch(rank1: "forward spin", others: "communicate wait")
    #expect(try run.finish().status == 70)
    try expectStuck(run, in: "forward", ranks: "1", for: 1, at: " (epoch 3, step 17)\n")
    #expect(run.errors.contains("── rank 1 failed, and the run was stopped"))
    #expect(run.errors.contains("likely   a defect, or a --hang-timeout shorter than the work takes"))
    let stacks = try (0..<3).map { try #require(run.log(rank: $0)) }
    #expect(stacks[1].contains(#/\(spinning_worker\.spinForEver\(\) -> Swift\.Never\+0x/#), "\(stacks[1])")
    for rank in [0, 2] {
      #expect(stacks[rank].contains("(spinning_worker.waitForEver() -> Swift.Never+0x"), "\(stacks[rank])")
    }
    #expect(stacks.allSatisfy { !$0.contains("(handle") && !$0.contains("$s15spinning") })
  }

  @Test func `where all wait for one another, one is named with the phase`() throws {
    let run = try launch(rank1: "communicate spin", others: "communicate wait")
    #expect(try run.finish().status == 70)
    try expectStuck(run, in: "communicate", ranks: "012", for: 1, at: " (epoch 3, step 17)\n")
    #expect(run.errors.contains("likely   the ranks wait for each other; the stacks in their logs say where"))
    #expect(try #require(run.log(rank: 1)).contains("spinForEver"))
  }

  /// A checkpoint may take twice as long as a step.
  @Test func `whoever waits for a rank within its budget is not blamed`() throws {
    let run = try launch(rank1: "checkpoint spin", others: "communicate wait")
    #expect(try run.finish().status == 70)
    try expectStuck(run, in: "checkpoint", ranks: "1", for: 2, at: "")
    #expect(!run.errors.contains("stuck in communicate"))
  }

  @Test func `what a worker says once the time for stacks is over is shown`() throws {
    let run = try LauncherRun(
      """
      test $RANK = 1 && exec '\(LauncherRun.spinningProgram)' forward spin
      trap '' USR2; trap 'echo last words; exit 3' TERM; wait_for_launcher
      """, ["--nproc", "2", "--hang-timeout", "1"])
    let end = try run.finish()
    #expect(end.status == 70, "\(run.errors)")
    #expect(end.output == "last words\n", "\(end.output)")
  }

  /// On a busy machine it may take the launcher as much longer as it likes.
  private func expectStuck(
    _ run: LauncherRun, in phase: String, ranks: String, for seconds: Double, at place: String
  ) throws {
    let stuck = #/\ntwins-launch: rank (\d) is stuck in (\w+) for (\d+\.\d) s/#
    let found = try #require(run.errors.firstMatch(of: stuck), "\(run.errors)")
    #expect(ranks.contains(found.1) && found.2 == phase, "\(run.errors)")
    #expect(try #require(Double(found.3)) >= seconds)
    #expect(run.errors[found.range.upperBound...].hasPrefix(place), "\(run.errors)")
  }

  @Test func `who waits for the reader of its lines is not stuck`() throws {
    let run = try launch(rank1: "forward talk", others: "forward talk")
    var ranks: [RunStatus.Rank] = []
    let deadline = ContinuousClock.now + .milliseconds(Int(LauncherRun.patience))
    // Twice as long in its phase as it may be, and still there.
    while ranks.count < 3 || !ranks.allSatisfy({ $0.phase == "forward" && ($0.seconds ?? 0) > 2 }) {
      try #require(ContinuousClock.now < deadline, "\(ranks)")
      ranks = try status(of: run)?.ranks ?? []
    }
    #expect(!run.errors.contains("stuck"))
    run.send(.terminate)
    #expect(try run.finish().status == 143)
  }

  /// Nil before the launcher listens.
  private func status(of run: LauncherRun) throws -> RunStatus? {
    let folder = "\(run.folder)/out/run"
    guard ControlClient.isAnswered(in: folder) else { return nil }
    return try ControlClient.ask(ControlRequest(command: .status), folder: folder).status
  }

  @Test(arguments: ["move", "spin"]) func `systemd gets signs of life while every rank moves`(rank1: String)
    throws
  {
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    let systemd = try NotifySocket("\(folder)/notify")
    let run = try launch(
      rank1: "forward \(rank1)", others: "forward move", "--eval", "--hang-timeout", "100",
      environment: ["NOTIFY_SOCKET": "\(folder)/notify", "WATCHDOG_USEC": "400000"])
    _ = try systemd.read(to: "READY=1")
    if rank1 == "move" {
      for _ in 0..<5 { _ = try systemd.read(to: "WATCHDOG=1") }
    } else {
      // One may be due for the start of each.
      #expect(try systemd.all(for: .seconds(2)).count { $0 == "WATCHDOG=1" } <= 2)
    }
    run.send(.terminate)
    #expect(try run.finish().status == 143)
  }

  private func launch(
    rank1: String, others: String, _ flags: String..., environment: [String: String] = [:]
  ) throws -> LauncherRun {
    let program = LauncherRun.spinningProgram
    return try LauncherRun(
      "test $RANK = 1 && exec '\(program)' \(rank1); exec '\(program)' \(others)",
      ["--nproc", "3"] + (flags.isEmpty ? ["--hang-timeout", "1"] : flags), environment: environment)
  }
}
