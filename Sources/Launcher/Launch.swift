/// Everything that a run of workers needs to know before the first one starts.
struct Launch: Sendable {
  let runIdentifier: String
  let size: Int
  let grace: Duration
  let program: String
  let workerArguments: [String]
  let placement: Placement
  /// The launcher's own environment.
  let environment: [String: String]
  /// The folder for this attempt's logs.
  let logs: String

  /// The command that starts one rank.
  func command(rank: Int) -> WorkerCommand {
    WorkerCommand(
      program: program, arguments: ["train"] + workerArguments,
      environment: placement.environment(rank: rank, inheriting: environment))
  }

  func logPath(rank: Int) -> String {
    "\(logs)/rank-\(rank).log"
  }
}
