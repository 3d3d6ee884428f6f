import Flags
import FoundationEssentials
import Glibc
import Recipe
import RunControl
import System

/// What to run as a worker: the program, what it is to do, and its whole environment.
struct WorkerCommand: Equatable, Sendable {
  let program: String
  let task: WorkerTask
  let environment: [String: String]

  init(program: String, task: WorkerTask, environment: [String: String]) {
    self.program = program
    self.task = task
    self.environment = environment.merging(
      task.request.map { _ in [RunRequest.variable: "\(WorkerProcess.requestDescriptor)"] } ?? [:]
    ) { $1 }
  }
}

/// What workers are told to do.
///
/// Ours inherit the request and look at no flag. The command line says the same to people, as ps(1) and failure reports
/// show it, and to another program in the worker's place.
struct WorkerTask: Equatable, Sendable {
  /// The subcommand first.
  private(set) var arguments: [String]
  /// Nil where the worker is to read its own flags.
  private(set) var request: RunRequest?

  init(arguments: [String], request: RunRequest? = nil) {
    self.arguments = arguments
    self.request = request
  }

  /// A training with these training flags, which writes where the launcher has found that it does.
  ///
  /// To remove an earlier run is the launcher's, once: a worker that is started again must not.
  init(trainingWith flags: [String], _ request: RunRequest, writingTo output: String) {
    arguments = ["train"] + flags.filter { $0 != Self.overwrite }
    self.request = request.withoutOverwriting()
    // Later attempts are to find the folder of this one, whatever it was named by.
    guard request.run.trains, request.run.resume != nil, request.run.outputDir == nil else { return }
    arguments += ["--output-dir", output]
    self.request?.run.outputDir = output
  }

  static let overwrite = "--overwrite"

  /// Checks the start and ends.
  func rehearsing(overwriting: Bool) -> WorkerTask {
    var task = self
    let isDry = request?.run.dryRun ?? false
    task.arguments += (isDry ? [] : ["--dry-run"]) + (overwriting ? [Self.overwrite] : [])
    task.request?.run.dryRun = true
    task.request?.run.overwrite = overwriting
    return task
  }

  /// Has the request say how the run divides an update, so that fewer ranks can stand in.
  func sharing(_ whole: Recipe.Division) -> WorkerTask {
    var task = self
    task.request = request?.sharing(whole)
    return task
  }

  /// Says on the command line how an update is divided now, which our own workers find by themselves.
  func divided(as division: Recipe.Division) -> WorkerTask {
    guard let subcommand = arguments.first else { return self }
    var rest = FlagGroups(Array(arguments.dropFirst()))
    rest.remove(["batch-size", "accumulate"])
    var task = self
    task.arguments =
      [subcommand] + rest.arguments
      + ["--batch-size", "\(division.batchSize)", "--accumulate", "\(division.accumulation)"]
    return task
  }

  /// Begins with exactly these values, wherever they come from, and goes on from nothing.
  func settled(as recipe: Recipe) -> WorkerTask {
    var task = self
    task.request = request?.settled(as: recipe)
    return task
  }

  /// Whether it goes on from the newest checkpoint where there is one, and begins from nothing else where there is none: a
  /// host 0 that took another's place has been told so, and the launchers that it takes in have not.
  var goesOnAnyway: Bool { request?.run.resume == "auto" && request?.run.finetune == nil }

  /// Goes on from the newest checkpoint, whatever the first attempt began from.
  func goingOn() -> WorkerTask {
    guard let subcommand = arguments.first else { return self }
    var rest = FlagGroups(Array(arguments.dropFirst()))
    rest.remove(["resume", "finetune", "use-ema"])
    var task = self
    task.arguments = [subcommand, "--resume", "auto"] + rest.arguments
    task.request = request?.goingOn()
    return task
  }
}

/// Finds the program that the launcher starts for each rank.
enum WorkerProgram {
  private static let variable = "TWINS_WORKER"

  /// Whether the user has named another one.
  static func isNamed(by environment: [String: String]) -> Bool { environment[variable] != nil }

  /// $TWINS_WORKER, or else the `twins-worker` that lies beside the launcher's own executable.
  static func locate(environment: [String: String]) throws(LaunchError) -> String {
    let path = environment[variable] ?? beside(launcher, "twins-worker")
    guard access(path, X_OK) == 0 else { throw notRunnable(path, reason: errorText(errno)) }
    return path
  }

  /// The launcher's own executable.
  static var launcher: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "./twins-launch"
  }

  /// The program of a name that lies in the same folder as another.
  static func beside(_ program: String, _ name: String) -> String {
    let folder = program.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return (folder + [name[...]]).joined(separator: "/")
  }

  private static func notRunnable(_ path: String, reason: String) -> LaunchError {
    LaunchError(
      "cannot run the worker program \(path): \(reason). "
        + "Build it with `swift build --product twins-worker`, or set \(variable) to its path.",
      exitStatus: .badConfiguration)
  }
}
