import Collective
import Glibc
import System
import Testing
import TestSupport
import WorkerLink

@testable import Launcher
@testable import RunControl

/// What one start of all ranks gets ready, with no worker that runs.
@Suite final class AttemptTests {
  private let folder: String

  init() throws { folder = try temporaryFolder() }

  deinit { removeFolder(folder) }

  @Test func `each attempt has a folder, a number and logs of its own`() throws {
    let launch = launch(logs: LogFolder(in: folder))
    var places: [String] = []
    for number in 0...1 {
      let attempt = Attempt(number, of: launch)
      let environment = try #require(try commands(of: attempt).first).environment
      let rendezvous = try #require(try RingRendezvous(environment: environment))
      #expect(rendezvous.generation == number && rendezvous.run == "r")
      #expect(access(rendezvous.directory, W_OK) == 0)
      #expect(LauncherLink(environment: environment).log == "\(folder)/logs/attempt-\(number)/rank-0.log")
      #expect(names(in: "\(folder)/logs/attempt-\(number)") == ["rank-0.log", "rank-1.log"])
      places.append(rendezvous.directory)
    }
    #expect(places[0] != places[1])
    #expect(places.allSatisfy { access($0, F_OK) != 0 }, "an attempt takes its folder along")
  }

  @Test func `a later attempt does without logs that cannot be kept, and the first does not begin`() throws {
    let launch = launch(logs: LogFolder(in: folder))
    makeFile("\(folder)/logs")
    #expect(throws: LaunchError.self) { try commands(of: Attempt(0, of: launch)) }
    let later = Attempt(1, of: launch)
    for command in try commands(of: later) {
      #expect(LauncherLink(environment: command.environment).log == nil)
    }
    #expect(later.logFolder == nil && later.beginningLine == "attempt 1")
  }

  @Test func `of a rank that could not be started nothing is left`() throws {
    let attempt = Attempt(0, of: launch(logs: nil))
    _ = try commands(of: attempt)
    #expect(attempt.workers.isEmpty && attempt.processes.isEmpty && attempt.openStreams.isEmpty)
    var console = silentConsole
    #expect(attempt.collect(0, &console) == nil)
  }

  /// What each rank would be started with.
  private func commands(of attempt: Attempt) throws -> [WorkerCommand] {
    var commands: [WorkerCommand] = []
    var console = silentConsole
    try attempt.prepare(&console)
    let queue = try ReadyQueue()
    for rank in 0..<attempt.launch.size {
      #expect(throws: LaunchError.self) {
        try attempt.start(rank, lifeline: 0, watchedBy: queue) { (command, _, _) throws(LaunchError) in
          commands.append(command)
          throw LaunchError(call: command.program, errno: EAGAIN)
        }
      }
    }
    return commands
  }

  private var silentConsole: Console {
    var console = Console()
    console.errors = Sink(descriptor: -1)
    return console
  }

  private func launch(logs: LogFolder?) -> Launch {
    Launch(
      grace: .seconds(1), program: "/bin/true", task: WorkerTask(arguments: []),
      placement: WorkerEnvironment(
        rendezvous: RingRendezvous(rank: 0, size: 2, run: "r", generation: 0, directory: ""), masterPort: 1,
        threads: .init(named: 1, environment: [:], processors: 1, workers: 2)),
      environment: ["TMPDIR": folder], logs: logs, advice: FailureReport.Advice(debug: []))
  }
}
