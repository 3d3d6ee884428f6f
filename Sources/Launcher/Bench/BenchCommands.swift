import ArgumentParser
import CLinux
import Collective
import Flags
import FoundationEssentials
import Glibc
import Recipe
import WorkerLink

/// `bench`: measurements with several workers.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time the sum of gradients over several workers, or the steps of a training with them.",
    subcommands: [BenchAllReduce.self, BenchStep.self, AllReduceRank.self])
}

/// How many workers a measurement starts, and how they meet.
struct BenchFlags: ParsableArguments {
  @Option(help: ArgumentHelp("How many workers to start.", valueName: "n"))
  var nproc: Int

  @OptionGroup var ring: RingFlags

  func validate() throws {
    guard (1...WorkerCount.limit).contains(nproc) else {
      throw ValidationError("--nproc has to be a number from 1 to \(WorkerCount.limit), and is \(nproc).")
    }
  }
}

extension Launch {
  /// A measurement: no logs, and nothing to save when it is told to stop.
  static func measurement(
    _ flags: BenchFlags, program: String, arguments: [String], threads: Int?,
    environment: [String: String], debug: [String]
  ) throws(LaunchError) -> Launch {
    Launch(
      grace: .seconds(1), program: program, task: WorkerTask(arguments: arguments),
      placement: WorkerEnvironment(
        rendezvous: flags.ring.rendezvous(.random(), attempt: 0, size: flags.nproc),
        masterPort: try FreePort.find(),
        threads: .shared(named: threads, environment: environment, workers: flags.nproc)),
      environment: environment, logs: nil,
      advice: FailureReport.Advice(debug: debug, again: "the same command"),
      notes: flags.ring.notes)
  }
}

/// `bench all-reduce`: how fast N workers add up as many floats as a network has gradients.
struct BenchAllReduce: LaunchCommand {
  static let configuration = CommandConfiguration(
    commandName: "all-reduce",
    abstract: "Time the sum of gradients over several workers.",
    discussion: """
      Every repeat begins when all workers are ready and counts until the last one is done. In turns with it, every \
      worker copies the buffer once: no sum can be faster than that in the same memory.
      """)

  @OptionGroup var flags: BenchFlags
  @OptionGroup var work: AllReduceFlags

  func launch(_ signals: consuming SignalReader, environment: [String: String]) throws -> CInt {
    let own = WorkerProgram.launcher
    return try Launch.measurement(
      flags, program: own, arguments: ["bench", AllReduceRank.name] + work.arguments,
      threads: 1, environment: environment,
      debug: ["twins-launch", "bench", "all-reduce", "--nproc", "1"] + work.arguments
    ).supervise(signals)
  }
}

/// What every worker of `bench all-reduce` does.
struct AllReduceFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Size of the buffer, in MB of 2²⁰ bytes.", valueName: "n"))
  var megabytes = 96

  @Option(help: ArgumentHelp("Sums to time, after two to warm up.", valueName: "n"))
  var repeats = 7

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard (1...65_536).contains(megabytes) else {
      throw ValidationError("--megabytes has to be a number from 1 to 65536, and is \(megabytes).")
    }
    guard (1...1_000_000).contains(repeats) else {
      throw ValidationError("--repeats has to be a number from 1 to 1000000, and is \(repeats).")
    }
  }

  /// These flags as a command line has them.
  var arguments: [String] {
    ["--megabytes", "\(megabytes)", "--repeats", "\(repeats)"] + (json ? ["--json"] : [])
  }
}

/// One worker of `bench all-reduce`: the launcher's own program, so that it starts in milliseconds.
struct AllReduceRank: ParsableCommand {
  static let name = "all-reduce-rank"
  static let configuration = CommandConfiguration(commandName: name, shouldDisplay: false)

  /// All ranks start within moments: one that is not there by then is stuck.
  private static let patience = Duration.seconds(10)

  @OptionGroup var work: AllReduceFlags

  func run() throws {
    do {
      try measure(ProcessInfo.processInfo.environment)
    } catch let error as CollectiveError {
      throw refusal(
        LaunchError(error.description, exitStatus: error.isOfConfiguration ? .badConfiguration : .software))
    } catch let error as RingRendezvous.BadVariable {
      throw refusal(LaunchError(error.description, exitStatus: .badConfiguration))
    } catch let error as LaunchError {
      throw refusal(error)
    }
  }

  private func measure(_ environment: [String: String]) throws {
    guard var rendezvous = try RingRendezvous(environment: environment) else {
      throw LaunchError("\(Self.name) is started by `twins-launch bench all-reduce`.", exitStatus: .usage)
    }
    Lifeline.watch(environment, folder: rendezvous.directory)
    linux_keep_memory()
    rendezvous.deadline = Self.patience
    let group = try rendezvous.join()
    let measurement = try AllReduceMeasurement(
      group, count: work.megabytes << 20 / MemoryLayout<Float>.stride)
    let samples = try measurement.samples(count: work.repeats)
    if group.rank == 0 {
      let report = AllReduceReport(
        samples, transport: rendezvous.transport, ranks: group.size, megabytes: work.megabytes,
        checksum: measurement.checksum)
      print(work.json ? try report.json : report.text)
    }
    group.close()
  }
}

extension Lifeline {
  /// Ends this process when its launcher is gone, and takes away the rendezvous's folder, since the launcher cannot.
  fileprivate static func watch(_ environment: [String: String], folder: String) {
    guard let descriptor = LauncherLink(environment: environment).lifeline else { return }
    watch(descriptor) {
      try? FileManager.default.removeItem(atPath: folder)
      _exit(ExitStatus.software.rawValue)
    }
  }
}

/// `bench step`: how fast N workers train together, and how fast each would by itself.
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
    let program = try WorkerProgram.locate(environment: environment)
    let arguments = ["bench", "step"] + work.arguments
    return try Launch.measurement(
      flags, program: program, arguments: arguments, threads: threadsPerWorker,
      environment: environment, debug: ["twins-worker"] + arguments
    ).supervise(signals)
  }
}
