import RunControl

/// What the launcher of a worker's host knows of it beside its end, for the report of its failure.
struct WorkerFacts: Codable, Equatable, Sendable {
  /// Nil where the worker could not be started.
  var process: Int32?
  var lastLines: [String] = []
  /// Nil where no logs are kept.
  var logPath: String?
  /// What it was busy with, where it told.
  var phase: String?
  /// The card that it computed on, if it did.
  var card: String?
  /// What the card said of itself last; nil where nobody could ask.
  var cardReading: CardReading?
  /// How many processes the kernel killed meanwhile because memory ran out, and who says so.
  var memoryKills: MemoryKills.Count?
  /// Why it failed, in its own words, where it left them in a file.
  var message: String?

  /// Whether it has said why it failed, in a file or in its last lines.
  var saysWhy: Bool { message != nil || lastLines.contains { $0.contains("error: ") } }
}
