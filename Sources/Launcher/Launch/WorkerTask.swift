import Flags

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

  /// Goes on from the newest checkpoint, whatever the first attempt began from.
  func goingOn() -> WorkerTask {
    guard let subcommand = arguments.first else { return self }
    var rest = FlagGroups(Array(arguments.dropFirst()))
    rest.remove(["resume", "finetune", "use-ema"])
    var task = self
    task.arguments = [subcommand, "--resume", "auto"] + rest.arguments
    task.request?.run.resume = "auto"
    task.request?.run.finetune = nil
    task.request?.run.useEma = false
    return task
  }
}
