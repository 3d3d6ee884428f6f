import ArgumentParser
import Flags
import System

/// The flags that say how many workers run and how they are supervised; all others go to the workers.
struct LaunchFlags: ParsableArguments {
  @Option(
    name: [.customLong("nproc"), .customLong("nproc-per-node")],
    help: ArgumentHelp(
      "How many workers to start. (default: auto, one for each accelerator card, or one on the CPU)",
      valueName: "N|auto"),
    transform: WorkerCount.init(parsing:))
  var workers = WorkerCount.automatic

  @Option(
    name: .customLong("run-id"),
    help: "The name of the run in paths and messages. (default: date and time)",
    transform: Self.parseRunIdentifier)
  var runIdentifier: RunIdentifier?

  @Option(
    name: .customLong("run-dir"),
    help: ArgumentHelp("The launcher's own folder. (default: run/ in the output folder)", valueName: "dir"),
    transform: withHomeFolder)
  var runFolder: String?

  @Option(
    name: .customLong("threads-per-worker"),
    help: ArgumentHelp(
      "Threads for each worker's arithmetic. (default: the cores shared out)", valueName: "n"))
  var threadsPerWorker: Int?

  @Option(
    help: ArgumentHelp(
      "How long workers may take to save and exit when asked to stop; after a failure they get 4 s at most.",
      valueName: "seconds"))
  var grace = 30.0

  @OptionGroup var restarts: RestartFlags
  @OptionGroup var ring: RingFlags

  func validate() throws {
    if let threadsPerWorker, !(1...manyThreads).contains(threadsPerWorker) {
      throw ValidationError(
        "--threads-per-worker has to be a number from 1 to \(manyThreads), and is \(threadsPerWorker).")
    }
    guard (0...86_400).contains(grace) else {
      throw ValidationError("--grace has to lie between 0 seconds and a day, and is \(grace).")
    }
  }

  private static func parseRunIdentifier(_ text: String) throws -> RunIdentifier {
    guard let identifier = RunIdentifier(text) else {
      throw ValidationError(
        "It has to be 1 to 64 letters, digits, '.', '_' or '-', and not to start with '.' or '-'.")
    }
    return identifier
  }
}
