import ArgumentParser

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
      grace: .seconds(1), program: program, arguments: arguments,
      placement: Placement(
        meeting: flags.ring.meeting(.random(), attempt: 0, size: flags.nproc),
        masterPort: try FreePort.find(),
        threads: .shared(named: threads, environment: environment, workers: flags.nproc)),
      environment: environment, logs: nil,
      advice: FailureReport.Advice(debug: debug, again: "the same command"),
      notes: flags.ring.notes)
  }
}
