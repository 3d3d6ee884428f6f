import Glibc
import Testing

@testable import Launcher

/// What real launchers do with signals.
@Suite struct SignalTests {
  private static let obedient =
    "trap 'echo saved $RANK; exit 75' TERM; echo ready $RANK $$; wait_for_launcher"

  @Test(arguments: [Signal.interrupt, .terminate, .hangUp])
  func `the first signal lets workers save`(_ signal: Signal) throws {
    let run = try LauncherRun(Self.obedient, ["--nproc", "3"])
    _ = try processes(of: run, count: 3)
    run.send(signal)
    let (status, output) = try run.finish()
    #expect(status == 75)
    #expect(Set(lines(output)) == ["saved 0", "[rank 1] saved 1", "[rank 2] saved 2"])
    #expect(run.errors.contains("twins-launch: \(signal): asking the workers to stop after this step"))
    #expect(run.errors.contains("; the same command with --resume auto goes on"))
    #expect(!run.errors.contains("failed"))
    #expect(run.leavesNoSockets)
  }

  @Test func `a second signal stops at once`() throws {
    let run = try LauncherRun(
      "trap '' TERM; echo ready $RANK $$; while :; do wait_for_launcher; done", ["--nproc", "2"])
    _ = try processes(of: run, count: 2)
    run.send(.interrupt)
    run.send(.terminate)
    let status = try run.finish().status
    try run.waitUntilWorkersAreGone()
    #expect(status == 130 || status == 143)
    #expect(run.errors.contains("stopping the workers at once"))
    #expect(run.errors.contains("before the state was saved"))
  }

  @Test func `a run that is ended at once names the checkpoint that goes on, and the command`() throws {
    let run = try LauncherRun(
      """
      mkdir -p ${0%/*}/out/checkpoints/epoch-0004; echo '{"epoch": 5, "step": 50}' >> ${0%/*}/out/train.jsonl
      trap '' TERM; echo ready; while :; do wait_for_launcher; done
      """,
      ["--nproc", "1"])
    #expect(try run.nextLine() == "ready")
    run.send(.terminate)
    // Two of a kind that are sent at once may come as one.
    try run.waitForErrors("asking the workers to stop")
    run.send(.terminate)
    #expect(try run.finish().status == 143)
    #expect(
      run.errors.contains(
        #/stopped by SIGTERM after .*; what came after checkpoint epoch-0004 is lost, and the same command with --resume auto goes on from there\n/#
      ), "\(run.errors)")
  }

  @Test func `a checkpoint is asked for and the run goes on`() throws {
    let run = try LauncherRun(
      "trap 'echo saved' USR1; trap 'exit 75' TERM; echo ready $RANK $$; while :; do wait_for_launcher; done",
      ["--nproc", "2"])
    _ = try processes(of: run, count: 2)
    run.send(.user1)
    let saved = Set([try run.nextLine(), try run.nextLine()])
    #expect(saved == ["saved", "[rank 1] saved"])
    run.send(.terminate)
    #expect(try run.finish().status == 75)
  }

  @Test func `under nohup a hang up is ignored`() throws {
    let run = try LauncherRun(Self.obedient, ["--nproc", "1"], under: ["nohup"])
    _ = try processes(of: run, count: 1)
    run.send(.hangUp)
    run.send(.user1)
    #expect(try run.finish().status == 138)
    #expect(!run.errors.contains("SIGHUP"))
  }

  /// Swift's runtime takes these for faults, and would print a backtrace and go on.
  @Test(arguments: [SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL])
  func `a signal that kills kills the launcher`(_ number: CInt) throws {
    let run = try LauncherRun(Self.obedient, ["--nproc", "1"])
    _ = try processes(of: run, count: 1)
    run.send(Signal(number))
    #expect(try run.finish().status == 128 + number)
    try run.waitUntilWorkersAreGone()
    #expect(!run.errors.contains("***"))
  }
}
