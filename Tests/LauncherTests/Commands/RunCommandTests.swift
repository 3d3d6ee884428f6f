import Foundation
import Glibc
import Recipe
import System
import TestSupport
import Testing

@testable import Launcher
@testable import RunControl

/// `status`, `stop` and `checkpoint` of the built program, with a shell script in the place of the worker.
@Suite struct RunCommandTests {
  private static let obedient =
    "trap 'exit 75' TERM; trap 'echo saved' USR1; echo ready $RANK $$; while kill -0 $PPID 2>&-; do wait_for_launcher; done"

  @Test func `a run is found by folder, output and name`() throws {
    let run = try LauncherRun(Self.obedient, ["--nproc", "2", "--run-id", "found-\(getpid())"])
    let workers = try processes(of: run, count: 2)
    for name in ["\(run.folder)/out/run", "\(run.folder)/out", "found-\(getpid())"] {
      let (status, output) = try run.ask(["status", name, "--json"])
      #expect(status == 0)
      let answer = try controlMessage(RunStatus.self, Array(output.utf8))
      #expect(answer.ranks.map(\.pid) == [workers[0], workers[1]])
      #expect(answer.launcher == run.launcher && answer.healthy)
      #expect(answer.ranks.allSatisfy { $0.state == .running && $0.phase == "start" })
    }
    run.send(.terminate)
    #expect(try run.finish().status == 75)
    let (status, output) = try run.ask(["status", "found-\(getpid())"])
    #expect(status == 66)
    #expect(output.contains("no run 'found-\(getpid())'"))
    #expect(access("\(run.folder)/out/run/control", F_OK) != 0)
  }

  @Test func `a probe says by its status whether the launcher answers, and whether all workers run`() throws {
    let run = try LauncherRun(Self.obedient, ["--nproc", "2"])
    let out = "\(run.folder)/out"
    let workers = try processes(of: run, count: 2)
    for probe in ["alive", "ready"] {
      #expect(try run.ask(["status", out, "--probe", probe]) == (0, ""))
    }
    let worker = try #require(workers[1])
    try #require(kill(worker, SIGSTOP) == 0)
    let deadline = ContinuousClock.now + .milliseconds(Int(LauncherRun.patience))
    while !WorkerProcess.isStopped(worker) {
      try #require(ContinuousClock.now < deadline)
      pauseBetweenLooks()
    }
    let (status, output) = try run.ask(["status", out, "--probe", "ready"])
    #expect(status == 1 && output.hasSuffix("is not ready: rank 1 is stopped\n"), "\(output)")
    #expect(try run.ask(["status", out, "--probe", "alive"]).status == 0)
    #expect(try run.ask(["status", out, "--probe", "alive", "--json"]).status == 64)
    kill(worker, SIGCONT)
    run.send(.terminate)
    #expect(try run.finish().status == 75)
    let ended = try run.ask(["status", out, "--probe", "alive"])
    #expect(ended.status == 66 && ended.output.contains("\(out) has ended (stopped"), "\(ended.output)")
  }

  @Test(arguments: [
    ([:], "/o"), (["JOB_COMPLETION_INDEX": "0"], "/o"), (["JOB_COMPLETION_INDEX": "2"], "/o/run/host-2"),
    (["PET_NNODES": "2", "PET_NODE_RANK": "1"], "/o/run/host-1"),
  ])
  func `a probe asks the launcher of its own host`(environment: [String: String], folder: String) throws {
    #expect(try Probe.folder(of: "/o", environment) == folder)
  }

  @Test func `a run that is not running is not ready, and why is said`() {
    func obstacle(_ state: RunStatus.State) -> String? {
      Probe.obstacle(
        RunStatus(run: "r", attempt: 1, launcher: 1, state: state, uptimeSeconds: 1, healthy: true, ranks: [])
      )
    }
    #expect(obstacle(.running) == "no worker has started")
    #expect(obstacle(.stopping) == "its workers are being ended")
    #expect(obstacle(.waiting) == "its workers are about to start again")
  }

  @Test func `a stopped worker is named in time`() throws {
    let run = try LauncherRun(Self.obedient, ["--nproc", "2"])
    let worker = try #require(try processes(of: run, count: 2)[1])
    try #require(kill(worker, SIGSTOP) == 0)
    let deadline = ContinuousClock.now + .milliseconds(Int(LauncherRun.patience))
    while !WorkerProcess.isStopped(worker) {
      try #require(ContinuousClock.now < deadline)
      pauseBetweenLooks()
    }
    let (answer, time) = try medianAnswer(in: "\(run.folder)/out/run")
    #expect(time < .seconds(1), "nobody waits for a worker that is stopped")
    #expect(answer.status?.ranks.map(\.state) == [.running, .stopped])
    let (status, output) = try run.ask(["status", "\(run.folder)/out"])
    #expect(status == 1)
    #expect(output.contains("stopped  start"))
    #expect(output.contains("kill -CONT \(worker)"))
    kill(worker, SIGCONT)
    run.send(.terminate)
    #expect(try run.finish().status == 75)
  }

  /// The median over several requests: other programs on this machine are not what is measured.
  private func medianAnswer(in folder: String) throws -> (ControlAnswer, Duration) {
    var answers: [(answer: ControlAnswer, time: Duration)] = []
    for _ in 0..<7 {
      let start = ContinuousClock.now
      let answer = try ControlClient.ask(ControlRequest(command: .status), folder: folder)
      answers.append((answer, ContinuousClock.now - start))
    }
    return answers.sorted { $0.time < $1.time }[3]
  }

  @Test func `stop is what SIGTERM does`() throws {
    let run = try LauncherRun(Self.obedient, ["--nproc", "2"])
    _ = try processes(of: run, count: 2)
    #expect(try run.ask(["stop", "\(run.folder)/out"]).status == 0)
    #expect(try run.finish().status == 75)
    #expect(run.leavesNoSockets)
  }

  @Test func `stop now waits for nobody`() throws {
    let run = try LauncherRun(
      "trap '' TERM; echo ready $RANK $$; while kill -0 $PPID 2>&-; do wait_for_launcher; done",
      ["--nproc", "2"])
    _ = try processes(of: run, count: 2)
    #expect(try run.ask(["stop", "--now", "\(run.folder)/out"]).status == 0)
    #expect(try run.finish().status == 143)
    try run.waitUntilWorkersAreGone()
  }

  @Test func `checkpoint is what SIGUSR1 does`() throws {
    let run = try LauncherRun(Self.obedient, ["--nproc", "2"])
    _ = try processes(of: run, count: 2)
    #expect(try run.ask(["checkpoint", "\(run.folder)/out"]).status == 0)
    #expect(Set([try run.nextLine(), try run.nextLine()]) == ["saved", "[rank 1] saved"])
    run.send(.terminate)
    #expect(try run.finish().status == 75)
  }

  @Test func `a killed launcher's run is not running`() throws {
    let run = try LauncherRun(Self.obedient, ["--nproc", "1", "--run-id", "killed-\(getpid())"])
    _ = try processes(of: run, count: 1)
    run.send(.kill)
    _ = run.waitForEnd()
    for command in ["stop", "checkpoint"] {
      let (status, output) = try run.ask([command, "\(run.folder)/out"])
      #expect(status == 66)
      #expect(output.contains("no launcher answers"))
    }
    let (status, output) = try run.ask(["status", "\(run.folder)/out"])
    #expect(status == 70)
    #expect(output.contains("its launcher was killed"))
    #expect(output.contains("twins-launch resume \(run.folder)/out"))
    // Its note is there until the next launcher of this user looks, which another test may start just now.
    #expect([66, 70].contains(try run.ask(["status", "killed-\(getpid())"]).status))
    let (_, running) = try run.ask(["status", "nobody"])
    #expect(!running.contains("killed-\(getpid())"))
  }

  @Test func `two runs of one name are told apart by their folders`() throws {
    let name = "twice-\(getpid())"
    let runs = try (0..<2).map { _ in try LauncherRun(Self.obedient, ["--nproc", "1", "--run-id", name]) }
    for run in runs { _ = try processes(of: run, count: 1) }
    let (status, output) = try runs[0].ask(["stop", name])
    #expect(status == 64)
    #expect(output.contains("2 runs are called '\(name)': "))
    #expect(runs.allSatisfy { output.contains("\($0.folder)/out/run") })
    #expect(try runs[0].ask(["stop", "\(runs[1].folder)/out"]).status == 0)
    #expect(try runs[1].finish().status == 75)
    let (_, answer) = try runs[0].ask(["status", name, "--json"])
    #expect(try controlMessage(RunStatus.self, Array(answer.utf8)).launcher == runs[0].launcher)
    runs[0].send(.terminate)
    #expect(try runs[0].finish().status == 75)
    #expect(try runs[0].ask(["status", name]).status == 66)
  }

  @Test func `a run that waits to start again saves nothing`() throws {
    let run = try LauncherRun(
      "test $TWINS_GENERATION = 0 && exit 74; \(Self.obedient)", ["--nproc", "1", "--max-restarts", "1"])
    try run.waitForErrors("starting again in")
    let (status, output) = try run.ask(["checkpoint", "\(run.folder)/out"])
    #expect(status == 74)
    #expect(output.contains("is waiting, so no worker can save now"))
    _ = try processes(of: run, count: 1)
    run.send(.terminate)
    #expect(try run.finish().status == 75)
  }

  @Test(arguments: ["status", "stop", "checkpoint"])
  func `who asks for no run is told`(command: String) throws {
    let run = try LauncherRun("", ["--nproc", "1"])
    #expect(try run.finish().status == 0)
    if command == "status" {
      let (status, output) = try run.ask([command, "\(run.folder)/out"])
      #expect(status == 0 && output.contains(": done, after "), "\(output)")
    } else {
      let missing = try run.ask([command])
      #expect(missing.status == 64 && missing.output.contains("Missing expected argument '<run>'"))
      #expect(try run.ask([command, "\(run.folder)/out"]).status == 66)
    }
    for name in ["nobody-\(getpid())", run.folder, "/", "", "a/b"] {
      let (status, output) = try run.ask([command, name])
      #expect(status == 66 && output.contains("twins-launch: no run '\(name)'"), "\(output)")
    }
  }

  @Test func `another user's run is said to be`() {
    let error = ControlClient.unreachable("/x", errno: EACCES)
    #expect(error.exitStatus == .missingInput)
    #expect(error.description.contains("The run is another user's"))
  }

  /// Somebody else's folder that happens to have the name of a run of this user.
  @Test func `a run is found by name whatever lies here`() throws {
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    let environment = ["XDG_RUNTIME_DIR": folder]
    let name = "hidden-\(getpid())"
    let find = { () throws(LaunchError) in
      try RunFinder.folder(name, environment: environment, obstacle: { _ in EACCES })
    }
    let error = try #require(throws: LaunchError.self) { try find() }
    #expect(error.description.contains("in \(name): ") && error.description.contains("another user's"))
    let run = try #require(RunIdentifier(name))
    #expect(RunRegistry.all(environment)[0].add(run, folder: "\(folder)/out/run"))
    #expect(try find() == "\(folder)/out/run")
  }

  /// As a launcher does with one client too many.
  @Test func `a launcher that hangs up is not called silent`() throws {
    let folder = try temporaryFolder()
    defer { removeFolder(folder) }
    let control = try ControlSocket(in: folder, environment: [:])
    let listener = dup(control.listener.number)
    let thread = Thread {
      defer { close(listener) }
      var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
      // As often as it is asked again.
      while poll(&entry, 1, LauncherRun.patience) > 0, case let client = accept(listener, nil, nil),
        client >= 0
      {
        close(client)
      }
    }
    thread.start()
    let error = try #require(throws: LaunchError.self) {
      try ControlClient.ask(ControlRequest(command: .status), folder: folder)
    }
    #expect(error.exitStatus == .inputOutput && error.description.contains("hung up without an answer"))
    _ = consume control
  }

  /// As `twins-launch … | head` has it.
  @Test func `that nobody reads the output is said in the log and in the status`() throws {
    let run = try LauncherRun(Self.obedient, ["--nproc", "1"])
    _ = try processes(of: run, count: 1)
    run.stopReading()
    // Has the worker say something.
    run.send(.user1)
    let text = "nobody reads standard output (Broken pipe)"
    try run.waitForErrors("note: \(text); the run goes on")
    #expect(run.log(rank: 0)?.contains("twins-launch: \(text); the run goes on") == true)
    let (status, output) = try run.ask(["status", "\(run.folder)/out"])
    #expect(status == 0 && output.contains("\(text): its lines are in the logs alone\n"), "\(output)")
    let json = try run.ask(["status", "\(run.folder)/out", "--json"]).output
    #expect(try controlMessage(RunStatus.self, Array(json.utf8)).unread == [text])
    run.send(.terminate)
    #expect(run.waitForEnd() == 75)
    #expect(run.errors.components(separatedBy: text).count == 2, "once")
  }

  @Test func `a stopped launcher is said to be`() throws {
    let run = try LauncherRun(Self.obedient, ["--nproc", "1"])
    _ = try processes(of: run, count: 1)
    kill(run.launcher, SIGSTOP)
    let (status, output) = try run.ask(["status", "\(run.folder)/out"])
    #expect(status == 74)
    #expect(output.contains("did not answer within 5 s"))
    kill(run.launcher, SIGCONT)
    run.send(.terminate)
    #expect(try run.finish().status == 75)
  }
}

extension LauncherRun {
  /// Runs another launcher to its end; its exit status and all that it printed.
  func ask(_ arguments: [String]) throws -> (status: CInt, output: String) {
    let process = Process()
    let output = Foundation.Pipe()
    process.executableURL = URL(fileURLWithPath: Self.program)
    process.arguments = arguments
    process.environment = ["PATH": "/usr/bin:/bin"]
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}
