import ArgumentParser
import Recipe

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
