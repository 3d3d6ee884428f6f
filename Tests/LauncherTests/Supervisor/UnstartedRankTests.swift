import Collective
import Glibc
import System
import Testing

@testable import Launcher
@testable import RunControl

/// A supervisor inside this process, whose workers may refuse to start.
@Suite struct UnstartedRankTests {
  @Test(arguments: [0, 1, 2]) func `no rank is launched after one that could not be`(_ refused: Int) throws {
    var launched: [Int] = []
    let (outcome, said) = try supervise(size: 3) { (command, rank, inheritance) throws(LaunchError) in
      launched.append(rank)
      guard rank != refused else { throw LaunchError(call: command.program, errno: EAGAIN) }
      return try WorkerProcess.spawn(command, rank: rank, inheriting: inheritance)
    }
    #expect(launched == Array(0...refused))
    #expect(outcome.firstFailure == refused && outcome.exitStatus == 78)
    for end in outcome.ends where end.rank < refused {
      #expect(end.ending == .killed(SIGTERM) && end.stoppedByLauncher)
    }
    for rank in refused + 1..<max(3, refused + 1) {
      #expect(outcome.ends[rank].stoppedByLauncher)
      #expect(said.contains("   rank \(rank)   not started\n"), "\(said)")
    }
  }

  /// A run of weeks does not end for a moment in which the machine has no thread, or a disk fails.
  @Test(arguments: [EAGAIN, EIO]) func `a rank that a later attempt cannot start is started by the next`(
    _ errno: CInt
  ) throws {
    var starts = 0
    let (outcome, said) = try supervise(size: 1, restarts: .init(count: 3)) {
      (command, rank, inheritance) throws(LaunchError) in
      starts += 1
      guard starts != 2 else { throw LaunchError(call: command.program, errno: errno) }
      let program = starts == 1 ? "/bin/false" : "/bin/true"
      return try WorkerProcess.spawn(
        WorkerCommand(program: program, task: command.task, environment: command.environment), rank: rank,
        inheriting: inheritance)
    }
    #expect(starts == 3 && outcome.exitStatus == 0 && outcome.attempt == 2, "\(said)")
  }

  /// Runs workers that wait for the launcher's end; what it said goes with the outcome.
  private func supervise(
    size: Int, restarts: Restarts.Budget = .none, _ spawn: @escaping Attempt.Spawn
  ) throws -> (Outcome, said: String) {
    // The supervisor's signals are blocked for this test alone.
    var mask = sigset_t()
    pthread_sigmask(SIG_BLOCK, nil, &mask)
    defer { pthread_sigmask(SIG_SETMASK, &mask, nil) }
    var launch = Launch(
      grace: .seconds(1), program: "/bin/cat", task: WorkerTask(arguments: ["/proc/self/fd/3"]),
      placement: WorkerEnvironment(
        rendezvous: RingRendezvous(rank: 0, size: size, run: "r", generation: 0, directory: ""),
        masterPort: 1,
        threads: .init(named: 1, environment: [:], processors: 1, workers: size)),
      environment: ["TMPDIR": "/tmp"], logs: nil, advice: FailureReport.Advice(debug: ["twins-worker"]))
    launch.restarts = restarts
    let pipe = try Launcher.Pipe()
    var console = Console()
    console.output = Sink(descriptor: pipe.writing.number)
    console.errors = Sink(descriptor: pipe.writing.number)
    let supervisor = try Supervisor(launch, signals: try SignalReader(), console: console, spawn: spawn)
    let outcome = supervisor.run()
    supervisor.close(outcome)
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(pipe.reading.number, &bytes, bytes.count)
    return (outcome, String(decoding: bytes.prefix(max(0, count)), as: UTF8.self))
  }
}
