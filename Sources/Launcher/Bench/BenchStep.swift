import ArgumentParser
import Flags
import Recipe

/// `bench step`: how fast N workers train together, and how fast each would by itself.
struct BenchStep: LaunchCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Time training steps of several workers on random pictures, with and without communication.")

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
