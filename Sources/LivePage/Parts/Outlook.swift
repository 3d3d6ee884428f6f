import Drawing
import Recipe
import RunControl
import System

/// Whether a run is going well, in a word and a sentence, with what needs attention.
///
/// A pure value. Unknown facts count neither for nor against the run.
struct Outlook: Equatable {
  /// The colour of the outlook.
  enum Mood: String {
    case good
    case attention
    case bad
    case unknown
  }

  let mood: Mood
  let word: String
  let sentence: String
  /// What needs attention, the most urgent first.
  var troubles: [String] = []

  init(_ reading: RunReading) {
    let history = reading.history
    switch history.ending {
    case .running:
      let troubles = Self.troubles(reading)
      let isStopping = reading.status?.state == .stopping
      self.troubles = troubles
      mood = troubles.isEmpty ? .good : .attention
      word = isStopping ? "Stopping" : troubles.isEmpty ? "Running" : "Running, with trouble"
      sentence = Self.progress(reading)
    case .done:
      (mood, word, sentence) = (.good, "Done", Self.result(history))
    case .stopped(let reason):
      (mood, word) = (.attention, "Stopped early")
      sentence = Self.joined(["it goes on where it was", reason])
    case .failed(let status, let reason):
      (mood, word) = (.bad, "Failed")
      sentence = Self.joined([ExitStatus(rawValue: status)?.meaning ?? "status \(status)", reason])
    case .killed:
      (mood, word, sentence) = (.bad, "Killed", "its launcher went without a word")
    case .elsewhere(let host):
      (mood, word) = (.unknown, "Elsewhere")
      sentence = "begun on host \(host), and not known here to have ended"
    case .untold:
      (mood, word, sentence) = (.unknown, "Not running", "nothing tells how it ended")
    }
  }

  private static func troubles(_ reading: RunReading) -> [String] {
    var troubles: [String] = []
    if reading.isSilent { troubles.append("its launcher does not answer") }
    if reading.history.steps.last.map({ $0.loss == nil }) == true {
      troubles.append("the last loss is no number")
    }
    if let fall = fall(reading.history) { troubles.append(fall) }
    guard let status = reading.status else { return troubles }
    if status.state == .waiting {
      let reason = reading.history.launches.last?.failures.last
      troubles.append(
        status.waitsFor.map { "it waits for \($0)" }
          ?? "it waits to start again" + (reason.map { ", after: \($0)" } ?? ""))
    }
    troubles += status.ranks.compactMap { rank in
      switch rank.state {
      case .stopped: "rank \(rank.rank) is held by a signal or a debugger"
      case .stuck: "rank \(rank.rank) is stuck" + (rank.phase.map { " in \($0)" } ?? "")
      case .running, .ended, .waiting: rank.slow.map { "rank \(rank.rank): \($0)" }
      }
    }
    return troubles + (status.unread ?? [])
  }

  /// A sentence if the run has become much worse; otherwise nil.
  private static func fall(_ history: RunHistory) -> String? {
    guard let best = history.best, let last = history.log.last, let accuracy = last.accuracy1,
      accuracy < best.accuracy * keptPart
    else { return nil }
    return
      "Acc@1 was \(decimal(best.accuracy, 2)) % in epoch \(best.epoch), and is \(decimal(accuracy, 2)) % in epoch "
      + "\(last.epoch)"
  }

  /// The fraction of its best accuracy that a healthy run keeps.
  private static let keptPart = 0.75

  /// The run's position, and when it will be done.
  private static func progress(_ reading: RunReading) -> String {
    let (history, status) = (reading.history, reading.status)
    let epoch = (status?.epoch ?? history.steps.last?.epoch).map { epoch in
      "epoch \(epoch)" + (history.epochs.map { " (\(epoch + 1) of \($0))" } ?? "")
    }
    let step = status?.step.flatMap { step in status?.stepsOfEpoch.map { "step \(step) of \($0)" } }
    return joined(
      [epoch ?? "before its first epoch", step, reading.restOfRun.map { "ends in \($0.text)" }])
  }

  private static func result(_ history: RunHistory) -> String {
    joined([
      history.epochsDone.map { counted($0, "epoch") },
      history.best.map { "best Acc@1 \(decimal($0.accuracy, 2)) % in epoch \($0.epoch)" },
    ])
  }

  private static func joined(_ parts: [String?]) -> String {
    parts.compactMap(\.self).joined(separator: ", ")
  }
}
