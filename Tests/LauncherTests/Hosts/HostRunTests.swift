import Foundation
import Glibc
import Testing
import TestSupport

@testable import Launcher
@testable import RunControl

/// Launchers of several hosts, as processes of one, with shell scripts in the place of workers.
@Suite(.serialized) struct HostRunTests {
  private static let waiting = "echo here $RANK; wait_for_launcher"

  @Test func `workers of all hosts have a place among all`() throws {
    let port = try FreePort.find()
    let script =
      "echo $RANK/$WORLD_SIZE $LOCAL_RANK/$LOCAL_WORLD_SIZE $GROUP_RANK $TWINS_HOST/$TWINS_HOSTS ${TWINS_STORE_FD-no}"
    let runs = try (0..<3).map { try LauncherRun.host($0, of: 3, at: port, script, ["--run-id", "r"]) }
    for run in runs { #expect(try run.finish().status == 0, "\(run.errors)") }
    for rank in 0..<6 {
      let (place, store) = (rank / 2, rank == 0 ? "7" : "no")
      #expect(
        runs[place].log(rank: rank, host: place) == "\(rank)/6 \(rank % 2)/2 \(place) \(place)/3 \(store)\n")
      #expect(runs[place].errors.contains("twins-launch: 6 workers finished in "), "\(runs[place].errors)")
    }
    for run in runs { #expect(run.leavesNoSockets) }
    let note = try #require(HostNote(in: "\(runs[2].folder)/out/run/host-2"))
    #expect(note.run == "r" && note.host == 2 && note.output == "\(runs[0].folder)/out")
  }

  @Test func `the first socket of the store is heard, and all know its port`() throws {
    let port = try FreePort.find()
    let script = """
      echo $TWINS_STORE_ADDRESS:$TWINS_STORE_PORT
      test $RANK = 0 && awk 'NR > 1 { print $2 " " $4 }' /proc/net/tcp | grep -i ":$(printf %04X $TWINS_STORE_PORT) 0A" >&2
      true
      """
    let runs = try (0..<2).map { try LauncherRun.host($0, at: port, script) }
    for run in runs { #expect(try run.finish().status == 0, "\(run.errors)") }
    #expect(
      Set((0..<4).map { runs[$0 / 2].log(rank: $0, host: $0 / 2)?.split(separator: "\n").first }).count == 1)
    #expect(runs[0].errors.contains(" 0A\n"), "\(runs[0].errors)")
  }

  @Test func `a failure on one host ends all, with one report and one status`() throws {
    let port = try FreePort.find()
    let script = "test $RANK = 3 && { echo its last word; exit 3; }; \(Self.waiting)"
    let runs = try (0..<2).map { try LauncherRun.host($0, at: port, script) }
    for run in runs { #expect(try run.finish().status == 3, "\(run.errors)") }
    for run in runs {
      #expect(run.errors.contains("── rank 3 failed, and the run was stopped"), "\(run.errors)")
      #expect(run.errors.contains(/worker   rank 3 of 4 on host 1 \(.*, 127\.0\.0\.1\), pid \d+\n/))
      #expect(
        run.errors.contains("   │ its last word\n")
          && run.errors.contains("rank 2   stopped by the launcher, on host 1\n"))
      try run.waitUntilWorkersAreGone()
    }
  }

  @Test func `what workers of any host say once the time for stacks is over is shown`() throws {
    let port = try FreePort.find()
    let script = """
      test $RANK = 0 && exec '\(LauncherRun.spinningProgram)' forward spin
      trap '' USR2; trap 'echo last words; exit 3' TERM; wait_for_launcher
      """
    let runs = try (0..<2).map { try LauncherRun.host($0, at: port, script, ["--hang-timeout", "1"]) }
    let ends = try runs.map { try $0.finish() }
    #expect(ends.map(\.status) == [70, 70], "\(runs[0].errors)")
    #expect(ends[0].output == "[rank 1] last words\n", "\(runs[0].errors)")
    #expect(
      Set(lines(ends[1].output)) == ["[rank 2] last words", "[rank 3] last words"], "\(runs[1].errors)")
  }

  /// The word lies behind the places of a host's ranks, and counts from 1.
  @Test func `workers of other hosts can read which rank has failed before they are asked to end`() throws {
    let port = try FreePort.find()
    let script = """
      trap 'echo failed $(tail -c 128 /proc/$$/fd/5 | od -An -t u8 -N 8); exit 70' TERM
      trap 'test $RANK = 3 && exit 3' USR1
      echo here; wait_for_launcher; wait_for_launcher
      """
    let runs = try (0..<2).map { try LauncherRun.host($0, at: port, script) }
    for run in runs { for _ in 0..<2 { #expect(try run.nextLine().hasSuffix("here")) } }
    _ = try ControlClient.ask(ControlRequest(command: .checkpoint), folder: "\(runs[0].folder)/out/run")
    for run in runs { #expect(try run.finish().status == 3, "\(run.errors)") }
    for rank in 0..<2 { #expect(runs[0].log(rank: rank)?.contains("failed 4\n") == true) }
    #expect(runs[1].log(rank: 2, host: 1)?.contains("failed 0\n") == true)
  }

  @Test func `all start again together, with a store of their own`() throws {
    let port = try FreePort.find()
    let script = """
      echo $TORCHELASTIC_RESTART_COUNT $TWINS_GENERATION $TWINS_HOSTS_GENERATION
      test $RANK$TWINS_GENERATION = 20 && exit 9; test $TWINS_GENERATION = 0 && wait_for_launcher; true
      """
    let runs = try (0..<2).map { try LauncherRun.host($0, at: port, script, ["--max-restarts", "1"]) }
    for (number, run) in runs.enumerated() {
      #expect(try run.finish().status == 0, "\(run.errors)")
      #expect(run.log(rank: 2 * number + 1, attempt: 1, host: number) == "1 1 1\n")
      #expect(run.errors.contains("twins-launch: starting again in "))
    }
  }

  @Test func `host 0 answers for all hosts, another one for its own, and passes requests on`() throws {
    let port = try FreePort.find()
    let script =
      "trap 'exit 75' TERM; trap 'echo saving' USR1; echo here; for turn in 1 2 3; do wait_for_launcher; done"
    let runs = try (0..<2).map { try LauncherRun.host($0, at: port, script) }
    for run in runs { for _ in 0..<2 { #expect(try run.nextLine().hasSuffix("here")) } }
    func ask(_ command: ControlRequest.Command, _ number: Int) throws -> RunStatus {
      let own = number == 0 ? "run" : "run/host-1"
      let request = ControlRequest(command: command)
      return try #require(try ControlClient.ask(request, folder: "\(runs[number].folder)/out/\(own)").status)
    }
    // The ranks of host 1 are there with its next sign of life.
    var status = try ask(.status, 0)
    let deadline = ContinuousClock.now + .seconds(30)
    while status.ranks.filter({ $0.state == .running }).count < 4, .now < deadline {
      status = try ask(.status, 0)
    }
    #expect(status.ranks.map(\.rank) == [0, 1, 2, 3] && status.ranks.allSatisfy { $0.state == .running })
    #expect(status.hosts?.map(\.host) == [0, 1] && status.hosts?.allSatisfy { $0.name != nil } == true)
    #expect(status.text.contains("\nhost 1: "), "\(status.text)")
    for folder in ["\(runs[0].folder)/out", "\(runs[1].folder)/out/run/host-1"] {
      #expect(try runs[0].ask(["status", folder, "--probe", "ready"]).status == 0)
    }
    let own = try ask(.status, 1)
    #expect(own.ranks.map(\.rank) == [2, 3] && own.hosts == nil && own.run == status.run)
    _ = try ask(.checkpoint, 1)
    for run in runs { for _ in 0..<2 { #expect(try run.nextLine().hasSuffix("saving")) } }
    _ = try ask(.stop, 1)
    for run in runs { #expect(try run.finish().status == 75, "\(run.errors)") }
    #expect(
      runs[0].errors.contains("stop requested on host 1: asking the workers to stop"), "\(runs[0].errors)")
    #expect(runs[1].errors.contains("stop requested: asking host 0 to stop the run"), "\(runs[1].errors)")
    for run in runs { #expect(!run.errors.contains("SIG"), "\(run.errors)") }
  }

  @Test func `a launcher that is killed is named, and another one takes its place`() throws {
    let port = try FreePort.find()
    let script = "echo here; test $TWINS_GENERATION = 0 && wait_for_launcher; true"
    let flags = ["--max-restarts", "1"]
    let first = try LauncherRun.host(0, at: port, script, flags)
    let second = try LauncherRun.host(1, at: port, script, flags)
    for run in [first, second] { #expect(try run.nextLine().hasSuffix("here")) }
    second.send(.kill)
    try first.waitForErrors("── host 1 was lost ──")
    try second.waitUntilWorkersAreGone()
    let third = try LauncherRun.host(1, at: port, script, flags)
    #expect(try first.finish().status == 0, "\(first.errors)")
    #expect(try third.finish().status == 0, "\(third.errors)")
    #expect(
      first.errors.contains(/reason   host 1 \(.*, 127\.0\.0\.1\) has ended its launcher\n/),
      "\(first.errors)")
  }

  @Test func `a host that does not come back ends the run`() throws {
    let port = try FreePort.find()
    let flags = ["--max-restarts", "3", "--host-wait", "1"]
    let first = try LauncherRun.host(0, at: port, Self.waiting, flags)
    let second = try LauncherRun.host(1, at: port, Self.waiting, flags)
    #expect(try second.nextLine().contains("here"))
    second.send(.kill)
    #expect(try first.finish().status == 70, "\(first.errors)")
    #expect(first.errors.contains("── host 1 did not come back, and the run was stopped"), "\(first.errors)")
  }

  @Test func `hosts that are left go on, and one that comes back takes part from the next start on`() throws {
    let port = try FreePort.find()
    let script = """
      echo here $$ $RANK/$WORLD_SIZE ${TWINS_HOSTS-alone} "$@"; test $TWINS_GENERATION = 2 || wait_for_launcher
      """
    let flags = ["--max-restarts", "5", "--host-wait", "1", "--min-nnodes", "1", "--batch-size", "8"]
    let first = try LauncherRun.host(0, at: port, script, flags)
    let second = try LauncherRun.host(1, at: port, script, flags)
    for run in [first, second] { for _ in 0..<2 { #expect(try run.nextLine().contains("/4 2 ")) } }
    second.send(.kill)
    var process: pid_t = 0
    for _ in 0..<2 {
      let line = try first.nextLine()
      #expect(line.contains(/here \d+ [01]\/2 alone train .*--batch-size 8 --accumulate 2/), "\(line)")
      process = pid_t(line.split(separator: "here ").last?.prefix { $0 != " " } ?? "") ?? 0
    }
    #expect(
      first.errors.contains(
        "going on with host 0 of 2: each worker takes 2 batches of 8 images, so an update has the same 32"),
      "\(first.errors)")
    let third = try LauncherRun.host(1, at: port, script, flags)
    try first.waitForErrors("has come; it takes part from the next start on")
    try third.waitForErrors("attempt 1 runs on host 0 alone; this host takes part from the next start on")
    let status = try #require(
      try ControlClient.ask(ControlRequest(command: .status), folder: "\(first.folder)/out/run").status)
    #expect(status.ranks.map(\.rank) == [0, 1])
    #expect(status.text.contains(", takes part from the next start on"), "\(status.text)")
    try #require(process > 1)
    kill(process, SIGKILL)
    for run in [first, third] { #expect(try run.finish().status == 0, "\(run.errors)") }
    #expect(first.errors.contains("all 2 hosts take part again"), "\(first.errors)")
    #expect(third.log(rank: 3, attempt: 2, host: 1)?.contains(" 3/4 2 train") == true)
  }

  @Test func `hosts that do not come to the start are done without where that was asked for`() throws {
    let port = try FreePort.find()
    let flags = ["--join-timeout", "5", "--nnodes", "2:4", "--batch-size", "8"]
    let runs = try [0, 2].map {
      try LauncherRun.host($0, of: 4, at: port, "echo $RANK/$WORLD_SIZE $TWINS_HOST/$TWINS_HOSTS", flags)
    }
    for run in runs { #expect(try run.finish().status == 0, "\(run.errors)") }
    #expect(runs[1].log(rank: 3, host: 2) == "3/4 1/2\n")
    #expect(runs[0].errors.contains("hosts 1, 3 did not come within 5.0 s"), "\(runs[0].errors)")
    #expect(runs[0].errors.contains("going on with hosts 0, 2 of 4: "), "\(runs[0].errors)")
  }

  @Test func `too few hosts end the run, and the report says how many it needs`() throws {
    let run = try LauncherRun.host(
      0, of: 4, at: try FreePort.find(), "true", ["--join-timeout", "1", "--min-nnodes", "2"])
    #expect(try run.finish().status == 78, "\(run.errors)")
    #expect(run.errors.contains("2 hosts at least have to be there to go on"), "\(run.errors)")
  }

  @Test func `without host 0 the workers are ended, and it is dialled until time is up`() throws {
    let port = try FreePort.find()
    let first = try LauncherRun.host(0, at: port, Self.waiting)
    let second = try LauncherRun.host(1, at: port, Self.waiting, ["--join-timeout", "2"])
    #expect(try second.nextLine().contains("here"))
    first.send(.kill)
    try second.waitUntilWorkersAreGone()
    #expect(try second.finish().status == 70, "\(second.errors)")
    #expect(
      second.errors.contains("host 0 did not answer at 127.0.0.1:\(port) within 2.0 s"), "\(second.errors)")
  }

  @Test(arguments: [0, 1]) func `a launcher that is held is lost, and comes back`(number: Int) throws {
    let port = try FreePort.find()
    let script = "echo here; test $TWINS_GENERATION = 0 && wait_for_launcher; true"
    let flags = ["--max-restarts", "1", "--host-timeout", "3"]
    let runs = try (0..<2).map { try LauncherRun.host($0, at: port, script, flags) }
    for run in runs { while try !run.nextLine().contains("here") {} }
    runs[number].send(Signal(SIGSTOP))
    try runs[1 - number].waitForErrors("was not heard for 3.0 s")
    runs[number].send(Signal(SIGCONT))
    for run in runs { #expect(try run.finish().status == 0, "\(run.errors)") }
  }

  @Test func `all hear that the run is whole from a host 0 that was held when it became so`() throws {
    let port = try FreePort.find()
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    // Opening a pipe to read waits until somebody opens it to write.
    let pipes = (0..<4).map { "\(folder)/\($0)" }
    for pipe in pipes { try #require(mkfifo(pipe, 0o600) == 0) }
    let script = "echo here; read word < \(folder)/$RANK"
    let runs = try (0..<2).map {
      try LauncherRun.host($0, at: port, script, ["--host-timeout", "6", "--join-timeout", "15"])
    }
    for run in runs { for _ in 0..<2 { while try !run.nextLine().contains("here") {} } }
    runs[0].send(Signal(SIGSTOP))
    for pipe in pipes { try Data("go\n".utf8).write(to: URL(fileURLWithPath: pipe)) }
    try runs[1].waitForErrors("was not heard for 6.0 s")
    runs[0].send(Signal(SIGCONT))
    for run in runs { #expect(try run.finish().status == 0, "\(run.errors)") }
  }
}
