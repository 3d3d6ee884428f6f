import ArgumentParser
import Flags
import RunControl
import System

/// The launcher's flags about the number of workers and their supervision; all other flags go to the workers.
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
    help: ArgumentHelp(
      "The launcher's own folder. (default: run/ in the output folder; of exec, in the current one)",
      valueName: "dir"),
    transform: withHomeFolder)
  var runFolder: String?

  @Option(
    name: .customLong("threads-per-worker"),
    help: ArgumentHelp(
      "Threads for each worker's arithmetic. (default: the cores shared out; of exec with several workers, 1)",
      valueName: "n"))
  var threadsPerWorker: Int?

  @Option(
    help: ArgumentHelp(
      "How long workers may take to save and exit when asked to stop; after a failure they get 4 s at most.",
      valueName: "seconds"))
  var grace = 30.0

  @Flag(
    name: .customLong("plain"),
    help: "On a terminal too, pass the reference's lines on as they are, and draw nothing.")
  var isPlain = false

  @OptionGroup var restarts: RestartFlags
  @OptionGroup var hosts: HostFlags

  func validate() throws {
    if let threadsPerWorker, !(1...manyThreads).contains(threadsPerWorker) {
      throw ValidationError(
        "--threads-per-worker has to be a number from 1 to \(manyThreads), and is \(threadsPerWorker).")
    }
    guard (0...86_400).contains(grace) else {
      throw ValidationError("--grace has to lie between 0 seconds and a day, and is \(grace).")
    }
  }

  /// The flags by their long names.
  static let names = Set(
    [
      "--nproc", "--nproc-per-node", "--run-id", "--run-dir", "--threads-per-worker", "--grace",
      "--plain", "--max-restarts", "--restart-window",
    ] + HostFlags.names)

  /// Removes these flags and the ring's, with their values.
  ///
  /// - Parameter arguments: A command line that has been parsed, with the names of flags normalized.
  static func removed(from arguments: [String]) -> [String] {
    var flags = FlagGroups(arguments)
    flags.remove(own)
    return flags.arguments
  }

  /// Keeps only these flags and the ring's, with their values, even with the run's name among them.
  static func kept(from arguments: [String]) -> [String] {
    var flags = FlagGroups(arguments)
    flags.remove(flags.names.subtracting(own))
    return flags.groups.filter { $0[0].hasPrefix("-") }.flatMap { group in
      // All but the switch take one value; anything after that is a positional argument.
      group.prefix(group[0] == "--plain" || group[0].contains("=") ? 1 : 2)
    }
  }

  /// The names of these flags and the ring's, without dashes.
  private static let own = Set(names.union(RingFlags.names).map(FlagGroups.name(of:)))

  private static func parseRunIdentifier(_ text: String) throws -> RunIdentifier {
    guard let identifier = RunIdentifier(text) else {
      throw ValidationError(
        "It has to be 1 to 64 letters, digits, '.', '_' or '-', and not to start with '.' or '-'.")
    }
    return identifier
  }
}

/// The flags about restarts after a failure.
struct RestartFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How many times within --restart-window the workers are started again after a failure. (default: 3; of "
        + "exec, whose program may begin anew, none)",
      valueName: "n"))
  var maxRestarts: Int?

  @Option(
    help: ArgumentHelp(
      "After so long without a failure a run may be started again as often as at first.",
      valueName: "seconds"))
  var restartWindow = 3600.0

  func validate() throws {
    if let maxRestarts, !(0...1000).contains(maxRestarts) {
      throw ValidationError("--max-restarts has to be a number from 0 to 1000, and is \(maxRestarts).")
    }
    guard restartWindow > 0, restartWindow <= 31_536_000 else {
      throw ValidationError(
        "--restart-window has to lie above 0 seconds and up to a year, and is \(restartWindow).")
    }
  }

  /// - Parameter usual: The number of restarts where the user gave none.
  func budget(usual: Int = 3) -> Restarts.Budget {
    Restarts.Budget(count: maxRestarts ?? usual, window: .seconds(restartWindow))
  }
}

/// The value of `--nproc`.
enum WorkerCount: Equatable, Sendable {
  case automatic
  case exactly(Int)

  /// A larger number on one host is taken for a typing error.
  static let limit = 1024

  init(parsing text: String) throws {
    if text == "auto" {
      self = .automatic
    } else if let count = Int(text), (1...Self.limit).contains(count) {
      self = .exactly(count)
    } else {
      throw ValidationError("It has to be auto, which counts the cards, or a number from 1 to \(Self.limit).")
    }
  }

  /// Returns the number of workers to start; calls `cards` only where their number decides.
  func resolved<Failure>(_ cards: () throws(Failure) -> Int) throws(Failure) -> Int {
    switch self {
    case .automatic: max(1, try cards())
    case .exactly(let count): count
    }
  }
}
