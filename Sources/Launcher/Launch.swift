import Collective

/// Everything that a run of workers needs to know before the first one starts.
struct Launch: Sendable {
  let grace: Duration
  let program: String
  /// All arguments of a worker, its subcommand first.
  let arguments: [String]
  var placement: Placement
  /// The launcher's own environment.
  let environment: [String: String]
  /// The folder for this attempt's logs; nil where none are kept.
  let logs: String?
  /// What a failure report recommends.
  let advice: FailureReport.Advice
  /// What to tell the user before the start, each a sentence.
  var notes: [String] = []

  var runIdentifier: String { placement.meeting.run }
  var size: Int { placement.meeting.size }

  /// The command that starts one rank.
  func command(rank: Int) -> WorkerCommand {
    WorkerCommand(
      program: program, arguments: arguments,
      environment: placement.environment(rank: rank, inheriting: environment))
  }

  func logPath(rank: Int) -> String? {
    logs.map { "\($0)/rank-\(rank).log" }
  }
}
