import Glibc
import Testing

@testable import Launcher

/// Real launchers with real processes.
@Suite struct SupervisionTests {
  @Test func `passes output on and keeps it in logs`() throws {
    let run = try LauncherRun(
      "echo out $RANK; echo err $RANK >&2; printf torn", ["--nproc", "2", "--model", "alt_gvt_nano"])
    let (status, output) = try run.finish()
    #expect(status == 0)
    #expect(Set(lines(output)) == ["out 0", "torn", "[rank 1] out 1", "[rank 1] torn"])
    #expect(run.errors.contains("[rank 0] err 0\n") && run.errors.contains("[rank 1] err 1\n"))
    #expect(lines(run.log(rank: 1) ?? "").sorted() == ["err 1", "out 1", "torn"])
    #expect(run.errors.hasSuffix(" s\n"))
    #expect(run.leavesNoSockets)
  }

  @Test func `workers get the training flags and their place`() throws {
    let script =
      #"echo "$*"; echo "$RANK $WORLD_SIZE $OMP_NUM_THREADS $TWINS_RUN_ID"; test -d "$TWINS_SOCKET_DIR""#
    let run = try LauncherRun(
      script,
      ["train", "--nproc=1", "--run-id", "r1", "--threads-per-worker", "3", "--model", "alt_gvt_nano"])
    let (status, output) = try run.finish()
    #expect(
      lines(output) == [
        "train --model alt_gvt_nano --data-path d --output-dir \(run.folder)/out", "0 1 3 r1",
      ])
    #expect(status == 0)
  }

  @Test func `a killed worker ends the run`() throws {
    let run = try LauncherRun("echo ready $RANK $$; wait_for_launcher", ["--nproc", "4", "--run-id", "r1"])
    let workers = try processes(of: run, count: 4)
    kill(try #require(workers[2]), SIGKILL)
    let (status, _) = try run.finish()
    try run.waitUntilWorkersAreGone()
    #expect(status == 137)
    #expect(run.errors.contains("── rank 2 failed, and the run was stopped"))
    #expect(run.errors.contains("ended    killed by SIGKILL (signal 9)"))
    #expect(run.errors.contains("│ ready 2 "))
    #expect(run.errors.contains("rank 3   stopped by the launcher\n"))
    #expect(run.leavesNoSockets)
  }

  @Test func `a worker's own code is passed on`() throws {
    let run = try LauncherRun(
      "test $RANK = 1 && { echo the loss is NaN >&2; exit 79; }; wait_for_launcher", ["--nproc", "3"])
    #expect(try run.finish().status == 79)
    #expect(run.errors.contains("likely   the loss diverged\n"))
    #expect(run.errors.contains("│ the loss is NaN\n"))
  }

  @Test func `a worker that ignores SIGTERM is killed`() throws {
    let run = try LauncherRun(
      "trap '' TERM; echo ready $RANK $$; test $RANK = 1 && read x <&3; while :; do wait_for_launcher; done",
      ["--nproc", "2", "--grace", "0.2"])
    let workers = try processes(of: run, count: 2)
    kill(try #require(workers[1]), SIGSEGV)
    #expect(try run.finish().status == 139)
    try run.waitUntilWorkersAreGone()
    #expect(run.errors.contains("rank 0   stopped by the launcher, with SIGKILL"))
  }

  @Test func `what a worker leaves running is taken along`() throws {
    let run = try LauncherRun("trap '' TERM HUP; wait_for_launcher & echo ready", ["--nproc", "2"])
    #expect(try run.finish().status == 0)
    try run.waitUntilWorkersAreGone()
  }

  @Test func `every worker notices that the launcher was killed`() throws {
    let run = try LauncherRun("echo ready $RANK $$; wait_for_launcher", ["--nproc", "3"])
    _ = try processes(of: run, count: 3)
    run.send(.kill)
    try run.waitUntilWorkersAreGone()
    #expect(run.waitForEnd() == 137)
  }
}

func lines(_ text: String) -> [String] {
  text.split(separator: "\n").map(String.init)
}

/// The process identifiers of all ranks, from lines `ready RANK PID`.
func processes(of run: LauncherRun, count: Int) throws -> [Int: pid_t] {
  var found: [Int: pid_t] = [:]
  while found.count < count {
    let words = try run.nextLine().split(separator: " ")
    guard let mark = words.firstIndex(of: "ready"), words.count == mark + 3 else { continue }
    guard let rank = Int(words[mark + 1]), let process = pid_t(words[mark + 2]) else { continue }
    found[rank] = process
  }
  return found
}
