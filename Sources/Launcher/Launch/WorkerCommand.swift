import Flags
import FoundationEssentials
import Glibc
import Recipe
import RunControl
import System

/// How to start a worker: the program, its task and its whole environment.
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

/// What a worker is told to do.
///
/// Our own workers inherit the request and do not parse flags. The command line says the same for people, in
/// ps(1) and failure reports, and for a user's program in the worker's place.
struct WorkerTask: Equatable, Sendable {
  /// The arguments, the subcommand first.
  private(set) var arguments: [String]
  /// Nil where the worker parses its own flags.
  private(set) var request: RunRequest?

  init(arguments: [String], request: RunRequest? = nil) {
    self.arguments = arguments
    self.request = request
  }

  /// A training with these flags that writes to the output folder that the launcher has chosen.
  ///
  /// `--overwrite` is left out: only the launcher removes an earlier run, once, and a restarted worker must
  /// not.
  init(trainingWith flags: [String], _ request: RunRequest, writingTo output: String) {
    arguments = ["train"] + flags.filter { $0 != Self.overwrite }
    self.request = request.withoutOverwriting()
    // Later attempts must find this folder, however the user named it.
    guard request.run.trains, request.run.resume != nil, request.run.outputDir == nil else { return }
    arguments += ["--output-dir", output]
    self.request?.run.outputDir = output
  }

  static let overwrite = "--overwrite"

  /// The same task as a dry run, which checks the start and ends.
  func rehearsing(overwriting: Bool) -> WorkerTask {
    var task = self
    let isDry = request?.run.dryRun ?? false
    task.arguments += (isDry ? [] : ["--dry-run"]) + (overwriting ? [Self.overwrite] : [])
    task.request?.run.dryRun = true
    task.request?.run.overwrite = overwriting
    return task
  }

  /// The same task whose request states how the run divides an update, so that fewer ranks can take over.
  func sharing(_ whole: Recipe.Division) -> WorkerTask {
    var task = self
    task.request = request?.sharing(whole)
    return task
  }

  /// The same task with the current division of an update on its command line; our own workers work it out
  /// themselves.
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

  /// The same task with exactly these recipe values and no checkpoint to resume from.
  func settled(as recipe: Recipe) -> WorkerTask {
    var task = self
    task.request = request?.settled(as: recipe)
    return task
  }

  /// Whether it resumes from the newest checkpoint if there is one, and otherwise starts anew. A host 0 that
  /// replaced another one has been told so; the launchers that join it have not.
  var goesOnAnyway: Bool { request?.run.resume == "auto" && request?.run.finetune == nil }

  /// The same task, resuming from the newest checkpoint whatever the first attempt started from.
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

/// Finds the program to start for each rank.
enum WorkerProgram {
  private static let variable = "TWINS_WORKER"

  /// Whether the user has named another program.
  static func isNamed(by environment: [String: String]) -> Bool { environment[variable] != nil }

  /// $TWINS_WORKER, or else the `twins-worker` beside the launcher's own executable.
  static func locate(environment: [String: String]) throws(LaunchError) -> String {
    let path = environment[variable] ?? beside(launcher, "twins-worker")
    guard access(path, X_OK) == 0 else { throw notRunnable(path, reason: errorText(errno)) }
    return path
  }

  /// The path of the launcher's own executable.
  static var launcher: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "./twins-launch"
  }

  /// Returns the path of the program `name` in the same folder as `program`.
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
