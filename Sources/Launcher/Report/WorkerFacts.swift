import RunControl

/// What the launcher of a worker's host knows about it apart from its exit, for a failure report.
struct WorkerFacts: Codable, Equatable, Sendable {
  /// Nil where the worker could not be started.
  var process: Int32?
  var lastLines: [String] = []
  /// Nil where no logs are kept.
  var logPath: String?
  /// The phase that it was in, where it published one.
  var phase: String?
  /// The card that it computed on; nil where it used none.
  var card: String?
  /// The card's last reading; nil where none could be made.
  var cardReading: CardReading?
  /// The out-of-memory kills meanwhile, and which counter shows them.
  var memoryKills: MemoryKills.Count?
  /// Its own message about the failure, where it left one in a file.
  var message: String?

  /// Whether its own message or its last lines say why it failed.
  var saysWhy: Bool { message != nil || lastLines.contains { $0.contains("error: ") } }
}
