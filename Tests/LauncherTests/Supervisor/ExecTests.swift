import Foundation
import Glibc
import System
import Testing
import TestSupport

@testable import Launcher
@testable import RunControl

/// Real launchers whose workers are a program of the user's: a shell script that knows torchrun's variables alone.
@Suite(.serialized) struct ExecTests {
  /// Blocks until a signal comes.
  private static let waiting = "sleep 3600 & wait $!"

  @Test func `the program gets its own arguments as they are, torchrun's variables and none of ours`() throws
  {
    let script = #"""
      echo "$*"
      echo $RANK/$WORLD_SIZE $LOCAL_RANK/$LOCAL_WORLD_SIZE $GROUP_RANK/$GROUP_WORLD_SIZE $ROLE_NAME \
        $MASTER_ADDR $TORCHELASTIC_RUN_ID $OMP_NUM_THREADS
      env | grep -c ^TWINS_
      ls /proc/$$/fd > $TORCHELASTIC_ERROR_FILE.descriptors; tr '\n' ' ' < $TORCHELASTIC_ERROR_FILE.descriptors
      """#
    let run = try LauncherRun(
      script, ["--nproc_per_node", "2", "--run-id", "r1"],
      exec: ["--its_flag", "--nproc", "9", "--exec", "a b"])
    #expect(try run.finish().status == 0, "\(run.errors)")
    for rank in 0..<2 {
      let lines = (run.log(rank: rank) ?? "").split(separator: "\n").map(String.init)
      #expect(lines[0] == "--its_flag --nproc 9 --exec a b")
      #expect(lines[1] == "\(rank)/2 \(rank)/2 0/1 default 127.0.0.1 r1 1")
      #expect(lines[2] == "0")
      // Those that the launcher gives to workers of ours.
      let inherited = Set((3...8).map { "\($0)" })
      #expect(inherited.isDisjoint(with: lines[3].split(separator: " ").map(String.init)), "\(lines[3])")
    }
    #expect(
      run.errors.contains("2 workers with 1 thread each") && run.errors.contains("2 workers finished in "))
    #expect(run.leavesNoSockets)
  }

  @Test func `a variable that names no card is said`() throws {
    let run = try LauncherRun(
      "true", ["--nproc", "1"], exec: [], environment: ["CUDA_VISIBLE_DEVICES": "garbage"])
    #expect(try run.finish().status == 0, "\(run.errors)")
    #expect(
      run.errors.contains(
        "note: CUDA_VISIBLE_DEVICES=garbage: 'garbage' is neither a card's number nor its UUID"),
      "\(run.errors)")
  }

  @Test func `a worker's message is in the report, and the others are victims`() throws {
    let script = """
      test $RANK = 1 && {
        echo '{"message": {"message": "ValueError: no such layer", "extraInfo": {}}}' > $TORCHELASTIC_ERROR_FILE
        exit 65
      }
      \(Self.waiting)
      """
    let run = try LauncherRun(script, ["--nproc", "3"], exec: ["x y"])
    #expect(try run.finish().status == 65, "\(run.errors)")
    #expect(run.errors.contains("── rank 1 failed, and the run was stopped"))
    #expect(run.errors.contains("   error    ValueError: no such layer\n"))
    #expect(run.errors.contains("rank 2   stopped by the launcher\n"))
    let next = "next     twins-launch --nproc 3 --exec \(run.folder)/worker 'x y'\n"
    #expect(run.errors.contains(next), "\(run.errors)")
    try run.waitUntilWorkersAreGone()
  }

  @Test func `it is started again as often as asked, whatever its status, with another port`()
    throws
  {
    let script = """
      echo $TORCHELASTIC_RESTART_COUNT of $TORCHELASTIC_MAX_RESTARTS
      echo $MASTER_PORT > $TORCHELASTIC_ERROR_FILE.port
      test $TORCHELASTIC_RESTART_COUNT = 2 || exit 65
      """
    let run = try LauncherRun(script, ["--nproc", "1", "--max-restarts", "2"], exec: [])
    #expect(try run.finish().status == 0, "\(run.errors)")
    #expect((0..<3).map { run.log(rank: 0, attempt: $0) } == (0..<3).map { "\($0) of 2\n" })
    let ports = try (0..<3).map {
      try String(
        contentsOfFile: "\(run.folder)/out/run/logs/attempt-\($0)/rank-0.error.json.port", encoding: .utf8)
    }
    #expect(Set(ports).count == 3)
  }

  @Test func `a signal is passed on, and the status too`() throws {
    let run = try LauncherRun(
      "trap 'echo saving; exit 75' TERM; echo here; \(Self.waiting)", ["--nproc", "2"], exec: [])
    for _ in 0..<2 { #expect(try run.nextLine().hasSuffix("here")) }
    run.send(.terminate)
    #expect(try run.finish().status == 75, "\(run.errors)")
    #expect(
      run.errors.contains(/stopped early after .*; the same command starts the program again/),
      "\(run.errors)")
    #expect(!run.errors.contains("step"), "\(run.errors)")
    // Some shells say of what they waited for that it is terminated, on a stream of its own: before or after.
    let lines = run.log(rank: 1)?.split(separator: "\n") ?? []
    #expect(lines.first == "here" && lines.contains("saving"), "\(lines)")
  }

  @Test func `a program that does not know the signal ends by it`() throws {
    let run = try LauncherRun("echo here; exec sleep 3600", ["--nproc", "2"], exec: [])
    for _ in 0..<2 { #expect(try run.nextLine().hasSuffix("here")) }
    run.send(.interrupt)
    #expect(try run.finish().status == 130, "\(run.errors)")
    #expect(run.errors.contains(/stopped by SIGINT after \d+\.\d s\n/), "\(run.errors)")
  }

  @Test func `status, checkpoint and stop work, and a program that asks for no checkpoint is spared`() throws
  {
    let script = """
      trap 'exit 75' TERM; test $RANK = 1 && trap 'echo saving' USR1
      echo here; \(Self.waiting); \(Self.waiting)
      """
    let run = try LauncherRun(script, ["--nproc", "2"], exec: [])
    for _ in 0..<2 { #expect(try run.nextLine().hasSuffix("here")) }
    func ask(_ command: ControlRequest.Command) throws -> RunStatus {
      try #require(
        try ControlClient.ask(ControlRequest(command: command), folder: "\(run.folder)/out/run").status)
    }
    let status = try ask(.status)
    #expect(status.healthy && status.ranks.map(\.state) == [.running, .running])
    #expect(!status.text.contains("epoch"), "\(status.text)")
    _ = try ask(.checkpoint)
    #expect(try run.nextLine() == "[rank 1] saving")
    #expect(try ask(.status).ranks.map(\.state) == [.running, .running])
    _ = try ask(.stop)
    #expect(try run.finish().status == 75, "\(run.errors)")
  }

  @Test func `the program ends with a launcher that is killed, and so does what it has started`() throws {
    let run = try LauncherRun(
      "sleep 3600 & (trap '' TERM; sleep 3600 &); echo here; exec sleep 3600", ["--nproc", "3"], exec: [])
    for _ in 0..<3 { #expect(try run.nextLine().hasSuffix("here")) }
    run.send(.kill)
    try run.waitUntilWorkersAreGone()
    #expect(run.waitForEnd() == 137)
  }

  @Test func `two hosts are one run, with one report`() throws {
    let port = try FreePort.find()
    let script = """
      echo $RANK/$WORLD_SIZE $LOCAL_RANK $GROUP_RANK/$GROUP_WORLD_SIZE $MASTER_ADDR:$MASTER_PORT; env | grep ^TWINS_
      test $TORCHELASTIC_RESTART_COUNT = 1 && exit 0
      test $RANK = 3 && { echo its own words > $TORCHELASTIC_ERROR_FILE; exit 3; }
      \(Self.waiting)
      """
    let runs = try (0..<2).map { host in
      try LauncherRun(
        script,
        [
          "--nproc", "2", "--nnodes", "2", "--node-rank", "\(host)", "--rdzv-endpoint", "127.0.0.1:\(port)",
          "--max-restarts", "1",
        ], exec: [])
    }
    for run in runs {
      #expect(try run.finish().status == 0, "\(run.errors)")
      #expect(run.errors.contains("── rank 3 failed ──"), "\(run.errors)")
      #expect(run.errors.contains("   error    its own words\n"), "\(run.errors)")
      try run.waitUntilWorkersAreGone()
    }
    // In the first attempt a rank may have been ended before it said anything.
    let lines = (0..<4).map { runs[$0 / 2].log(rank: $0, attempt: 1, host: $0 / 2) ?? "" }
    let places = lines.map { String($0.prefix { $0 != ":" }) }
    #expect(places == (0..<4).map { "\($0)/4 \($0 % 2) \($0 / 2)/2 127.0.0.1" })
    #expect(Set(lines.compactMap { $0.split(separator: ":").last }).count == 1)
  }

  @Test(arguments: [
    (["--nproc", "1", "--exec"], 64, "what the workers run has to follow --exec"),
    (["--nproc", "1", "--exec", "no-such-program"], 78, "no folder of PATH has a program of that name"),
    (["--nproc", "1", "--exec", "/no/such"], 78, "cannot run /no/such: No such file or directory"),
    (["--nproc", "1", "--transport", "ipc", "--exec", "true"], 64, "there is no flag --transport"),
    (["--nproc", "1", "--model", "m", "--exec", "true"], 64, "Unknown option '--model'"),
  ])
  func `what cannot run is refused`(_ arguments: [String], _ status: Int32, _ words: String) throws {
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: LauncherRun.program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let errors = Foundation.Pipe()
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == status)
    #expect(text.contains(words), "\(text)")
    #expect(names(in: folder).isEmpty)
  }
}
