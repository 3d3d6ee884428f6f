import ArgumentParser
import Collective
import Flags
import Recipe
import RunControl

/// `bench`: measurements with several workers.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time sums of gradients, or training steps, with several workers.",
    subcommands: [BenchAllReduce.self, BenchStep.self])
}

/// The number of workers that a measurement starts on each host, and how they meet.
struct BenchFlags: ParsableArguments {
  @Option(help: ArgumentHelp("How many workers to start.", valueName: "n"))
  var nproc: Int

  @OptionGroup var ring: RingFlags
  @OptionGroup var hosts: HostFlags

  func validate() throws {
    guard (1...WorkerCount.limit).contains(nproc) else {
      throw ValidationError("--nproc has to be a number from 1 to \(WorkerCount.limit), and is \(nproc).")
    }
  }
}

/// A run of workers that measure, without logs and with nothing to save when stopped.
private struct Measurement {
  let flags: BenchFlags
  /// The arguments of every worker.
  let arguments: [String]
  let threads: Int?
  /// The command that a failure report recommends.
  let debug: [String]

  /// Runs the workers, here and on the other hosts; returns the exit status once all have ended.
  func launch(_ signals: consuming SignalReader, environment: [String: String]) throws -> CInt {
    guard let hosts = try HostStart(flags.hosts, environment: environment) else {
      return try run(environment).supervise(signals)
    }
    do {
      var run = try run(environment)
      run.hosts = hosts.plan
      run.notes.append(hosts.note)
      guard hosts.isFirst else {
        return try hosts.follow(run, asked: nil, named: nil, signals: signals, control: nil)
      }
      return try run.supervise(signals, hosts: hosts.lead(run, nil, asked: nil))
    } catch {
      // Otherwise the other hosts would keep dialling for a long time.
      hosts.turnAway(error)
      throw error
    }
  }

  private func run(_ environment: [String: String]) throws(LaunchError) -> Launch {
    Launch(
      grace: .seconds(1), program: try WorkerProgram.locate(environment: environment),
      task: WorkerTask(arguments: ["bench"] + arguments),
      placement: WorkerEnvironment(
        rendezvous: flags.ring.rendezvous(.random(), attempt: 0, size: flags.nproc),
        masterPort: try FreePort.find(),
        threads: .shared(named: threads, environment: environment, workers: flags.nproc)),
      environment: environment, logs: nil,
      advice: FailureReport.Advice(debug: debug, again: "the same command"), notes: flags.ring.notes)
  }
}

/// `bench all-reduce`: measures how fast N workers, on one or several hosts, sum as many floats as a network
/// has gradients.
struct BenchAllReduce: LaunchCommand {
  static let configuration = CommandConfiguration(
    commandName: "all-reduce",
    abstract: "Time the sum of gradients over several workers.",
    discussion: """
      Every repeat begins when all workers are ready and counts until the last one is done; over several hosts, on the one \
      that takes longest. In turns with it, every worker copies the buffer once: no sum can be faster than that in the same \
      memory.
      """)

  @OptionGroup var flags: BenchFlags
  @OptionGroup var work: AllReduceFlags

  func launch(_ signals: consuming SignalReader, environment: [String: String]) throws -> CInt {
    let arguments = ["all-reduce"] + work.arguments
    return try Measurement(
      flags: flags, arguments: arguments, threads: 1,
      debug: ["twins-launch", "bench"] + arguments + ["--nproc", "1"]
    ).launch(signals, environment: environment)
  }
}

/// `bench step`: measures how fast N workers train together, and how fast each would alone.
struct BenchStep: LaunchCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Time training steps of several workers on random images, with and without communication.")

  @OptionGroup var flags: BenchFlags
  @OptionGroup var work: StepFlags

  @Option(help: ArgumentHelp("Threads for each worker. (default: the cores shared out)", valueName: "n"))
  var threadsPerWorker: Int?

  func validate() throws {
    if let threadsPerWorker, threadsPerWorker < 1 {
      throw ValidationError("--threads-per-worker has to be at least 1, and is \(threadsPerWorker).")
    }
  }

  func launch(_ signals: consuming SignalReader, environment: [String: String]) throws -> CInt {
    _ = try work.recipe(worldSize: flags.nproc)
    let arguments = ["step"] + work.arguments
    return try Measurement(
      flags: flags, arguments: arguments, threads: threadsPerWorker,
      debug: ["twins-worker", "bench"] + arguments
    ).launch(signals, environment: environment)
  }
}
