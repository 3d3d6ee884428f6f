import Foundation
import Glibc
import Testing

@testable import Launcher

/// `status`, `stop` and `checkpoint` of the built program, with a shell script in the place of the worker.
@Suite struct RunCommandTests {
  private static let obedient =
    "trap 'exit 75' TERM; trap 'echo saved' USR1; echo ready $RANK $$; while kill -0 $PPID 2>&-; do wait_for_launcher; done"

  @Test func aRunIsFoundByFolderOutputAndName() throws {
    let run = try LauncherRun(Self.obedient, ["--nproc", "2", "--run-id", "found-\(getpid())"])
    let workers = try processes(of: run, count: 2)
    for name in ["\(run.folder)/out/run", "\(run.folder)/out", "found-\(getpid())"] {
      let (status, output) = try run.ask(["status", name, "--json"])
      #expect(status == 0)
      let answer = try controlMessage(RunStatus.self, Array(output.utf8))
      #expect(answer.ranks.map(\.pid) == [workers[0], workers[1]])
      #expect(answer.launcher == run.launcher && answer.healthy)
      #expect(answer.ranks.allSatisfy { $0.state == .running && $0.section == "start" })
    }
    run.send(.terminate)
    #expect(try run.finish().status == 75)
    let (status, output) = try run.ask(["status", "found-\(getpid())"])
    #expect(status == 66)
    #expect(output.contains("no run 'found-\(getpid())'"))
    #expect(access("\(run.folder)/out/run/control", F_OK) != 0)
  }

  @Test func aStoppedWorkerIsNamedInTime() throws {
    let run = try LauncherRun(Self.obedient, ["--nproc", "2"])
    let worker = try #require(try processes(of: run, count: 2)[1])
    kill(worker, SIGSTOP)
    while !WorkerProcess.isStopped(worker) { sched_yield() }
    let (answer, time) = try medianAnswer(in: "\(run.folder)/out/run")
    #expect(time < .milliseconds(100))
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

  @Test func stopIsWhatSIGTERMDoes() throws {
    let run = try LauncherRun(Self.obedient, ["--nproc", "2"])
    _ = try processes(of: run, count: 2)
    #expect(try run.ask(["stop", "\(run.folder)/out"]).status == 0)
    #expect(try run.finish().status == 75)
    #expect(run.leavesNoSockets)
  }

  @Test func stopNowWaitsForNobody() throws {
    let run = try LauncherRun(
      "trap '' TERM; echo ready $RANK $$; while kill -0 $PPID 2>&-; do wait_for_launcher; done",
      ["--nproc", "2"])
    _ = try processes(of: run, count: 2)
    #expect(try run.ask(["stop", "--now", "\(run.folder)/out"]).status == 0)
    #expect(try run.finish().status == 143)
    try run.waitUntilWorkersAreGone()
  }

  @Test func checkpointIsWhatSIGUSR1Does() throws {
    let run = try LauncherRun(Self.obedient, ["--nproc", "2"])
    _ = try processes(of: run, count: 2)
    #expect(try run.ask(["checkpoint", "\(run.folder)/out"]).status == 0)
    #expect(Set([try run.nextLine(), try run.nextLine()]) == ["saved", "[rank 1] saved"])
    run.send(.terminate)
    #expect(try run.finish().status == 75)
  }

  @Test func aKilledLaunchersRunIsNotRunning() throws {
    let run = try LauncherRun(Self.obedient, ["--nproc", "1", "--run-id", "killed-\(getpid())"])
    _ = try processes(of: run, count: 1)
    run.send(.kill)
    _ = run.waitForEnd()
    for name in ["\(run.folder)/out", "killed-\(getpid())"] {
      let (status, output) = try run.ask(["status", name])
      #expect(status == 66)
      #expect(output.contains("no launcher answers"))
    }
    let (_, output) = try run.ask(["status", "nobody"])
    #expect(!output.contains("killed-\(getpid())"))
  }

  @Test func aStoppedLauncherIsSaidToBe() throws {
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
