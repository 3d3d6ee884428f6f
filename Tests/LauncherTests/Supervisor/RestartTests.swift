import Flags
import Foundation
import Glibc
import Recipe
import Testing
import TestSupport

@testable import Launcher

/// Real launchers that start failed workers again; a delay of one to two seconds each.
@Suite struct RestartTests {
  /// Fails at once in the first attempt, in rank 1.
  private static let failing =
    "echo $TORCHELASTIC_RESTART_COUNT $TWINS_GENERATION $TORCHELASTIC_MAX_RESTARTS $*; "
    + "test $RANK$TWINS_GENERATION = 10 && kill -9 $$; test $TWINS_GENERATION = 0 && wait_for_launcher; "

  @Test func `the second attempt can succeed`() throws {
    let run = try LauncherRun(
      Self.failing + "ls $TWINS_SOCKET_DIR",
      ["--nproc", "2", "--run-id", "r1", "--max-restarts", "2", "--model", "alt_gvt_nano"])
    let (status, output) = try run.finish()
    #expect(status == 0, "\(run.errors)")
    let arguments = "train --model alt_gvt_nano --data-path d --output-dir \(run.folder)/out"
    #expect(run.log(rank: 1) == "0 0 2 \(arguments)\n")
    #expect(run.log(rank: 1, attempt: 1) == "1 1 2 \(arguments)\n")
    #expect(lines(output).contains("1 1 2 \(arguments)"))
    #expect(run.errors.contains("── rank 1 failed ───"))
    #expect(run.errors.contains("   run      r1, attempt 0\n"))
    #expect(run.errors.contains(/twins-launch: starting again in 1\.\d s \(1 of 2\)/))
    #expect(!run.errors.contains("and the run was stopped"))
    #expect(run.leavesNoSockets)
  }

  /// A ring's sockets and locks would be in the way of the next one, and something may clean the folder away.
  @Test(arguments: [
    ("touch $TWINS_SOCKET_DIR/ring-0", "ipc", ""), ("rm -r $TWINS_SOCKET_DIR", "ipc", ""),
    ("rm -r $TWINS_SOCKET_DIR", "tcp", "key-0\npublic-keys\nsecret\n"),
  ])
  func `every attempt finds a socket folder of its own`(
    _ event: String, _ transport: String, _ content: String
  ) throws {
    let run = try LauncherRun(
      "ls $TWINS_SOCKET_DIR; \(event); test $TWINS_GENERATION = 1",
      ["--nproc", "1", "--max-restarts", "1", "--transport", transport])
    #expect(try run.finish().status == 0, "\(run.errors)")
    #expect(run.log(rank: 0, attempt: 1) == content)
    #expect(run.leavesNoSockets)
  }

  @Test func `what was saved meanwhile is gone on with`() throws {
    let script = """
      echo $*; out=$(echo "$*" | sed 's/.*--output-dir \\([^ ]*\\).*/\\1/')
      mkdir -p $out/checkpoints/epoch-0000; test $TWINS_GENERATION = 1
      """
    let run = try LauncherRun(
      script, ["--nproc", "1", "--max-restarts", "1", "--resume", "elsewhere", "--lr=1"])
    #expect(try run.finish().status == 0)
    let rest = "--data-path d --output-dir \(run.folder)/out"
    #expect(run.log(rank: 0) == "train --resume elsewhere --lr=1 \(rest)\n")
    #expect(run.log(rank: 0, attempt: 1) == "train --resume auto --lr=1 \(rest)\n")
  }

  @Test func `a worker inherits what it is to do, and another attempt what to go on from`() throws {
    let script = """
      cat <&$TWINS_RUN_FD; out=$(echo "$*" | sed 's/.*--output-dir \\([^ ]*\\).*/\\1/')
      mkdir -p $out/checkpoints/epoch-0000; test $TWINS_GENERATION = 1
      """
    let run = try LauncherRun(
      script, ["--nproc", "1", "--max-restarts", "1", "--finetune", "w.pth", "--lr=1", "--overwrite"])
    #expect(try run.finish().status == 0, "\(run.errors)")
    let requests = try (0...1).map { attempt in
      try JSONDecoder().decode(RunRequest.self, from: Data((run.log(rank: 0, attempt: attempt) ?? "").utf8))
    }
    #expect(requests.map(\.run.resume) == [nil, "auto"])
    #expect(requests.map(\.run.finetune) == ["w.pth", nil])
    for request in requests {
      #expect(try request.recipe(worldSize: 1).schedule.rate == 1)
      #expect(!request.run.overwrite && request.outputFolder() == "\(run.folder)/out")
    }
  }

  @Test func `the same failure twice is the end`() throws {
    let run = try LauncherRun(
      "echo attempt $TWINS_GENERATION; exit 70", ["--nproc", "1", "--max-restarts", "9"])
    #expect(try run.finish().status == 70)
    #expect(run.errors.contains("── rank 0 failed, and the run was stopped"))
    #expect(run.errors.contains("   run      ") && run.errors.contains(", attempt 1\n"))
    #expect(run.errors.contains("not started again: it failed in the same way before the first step twice\n"))
    #expect(run.log(rank: 0) == "attempt 0\n" && run.log(rank: 0, attempt: 1) == "attempt 1\n")
  }

  @Test func `a wrong command line is not tried twice`() throws {
    let run = try LauncherRun("exit 64", ["--nproc", "1", "--max-restarts", "9"])
    #expect(try run.finish().status == 64)
    #expect(run.errors.contains("not started again: another start would not mend this\n"))
    #expect(run.log(rank: 0, attempt: 1) == nil)
  }

  @Test func `a signal ends the wait for the next attempt`() throws {
    let run = try LauncherRun("echo ready; kill -9 $$", ["--nproc", "1", "--max-restarts", "9"])
    #expect(try run.nextLine() == "ready")
    try run.waitForErrors("starting again in")
    run.send(.terminate)
    #expect(try run.finish().status == 143)
    #expect(run.errors.contains("SIGTERM: not starting the workers again\n"))
    #expect(run.errors.contains(/stopped by SIGTERM after .*, before the state was saved/), "\(run.errors)")
    #expect(run.log(rank: 0, attempt: 1) == nil)
  }

  @Test func `a signal between two attempts stops early where a checkpoint is there`() throws {
    let run = try LauncherRun(
      "echo ready; mkdir -p ${0%/*}/out/checkpoints/epoch-0000; kill -9 $$",
      ["--nproc", "1", "--max-restarts", "9"])
    try run.waitForErrors("starting again in")
    run.send(.terminate)
    #expect(try run.finish().status == 75, "\(run.errors)")
    #expect(run.errors.contains(/stopped early after .*; the same command with --resume auto goes on/))
    #expect(!run.errors.contains("and the run was stopped"), "\(run.errors)")
  }

  @Test func `earlier logs are moved aside`() throws {
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    for launch in 0..<7 {
      let logs = LogFolder(in: folder)
      try logs.make(attempt: 0)
      makeFile("\(logs.folder(attempt: 0))/\(launch)")
    }
    #expect(names(in: folder) == ["logs", "logs.1", "logs.2", "logs.3", "logs.4"])
    #expect(names(in: "\(folder)/logs/attempt-0") == ["6"])
    #expect(names(in: "\(folder)/logs.1/attempt-0") == ["5"])
    #expect(names(in: "\(folder)/logs.4/attempt-0") == ["2"])
  }

  @Test func `a run of months keeps its newest attempts`() throws {
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    let logs = LogFolder(in: folder)
    for attempt in 0...LogFolder.keptAttempts { try logs.make(attempt: attempt) }
    #expect(names(in: logs.path).count == LogFolder.keptAttempts)
    #expect(!names(in: logs.path).contains("attempt-0"))
  }

  @Test func `an attempt whose logs cannot be kept runs without them`() throws {
    let run = try LauncherRun(
      """
      logs="${0%/*}/out/run/logs"
      case $TWINS_GENERATION in
      0) rm -r "$logs" && echo > "$logs"; exit 70 ;;
      1) rm "$logs"; echo "log '$TWINS_LOG'"; exit 74 ;;
      2) echo logged again ;;
      esac
      """, ["--nproc", "1", "--max-restarts", "2"])
    let end = try run.finish()
    #expect(end.status == 0, "\(run.errors)")
    #expect(end.output == "log ''\nlogged again\n")
    #expect(run.log(rank: 0, attempt: 1) == nil && run.log(rank: 0, attempt: 2) == "logged again\n")
    #expect(run.errors.contains("/logs/attempt-1: "), "\(run.errors)")
    #expect(run.errors.contains("This attempt has no logs."), "\(run.errors)")
  }
}
