import Checkpoint
import Foundation
import Training

extension RunFolder {
  /// Drops the lines of both logs that an earlier attempt wrote after the place of a state, so that they read like one run;
  /// all of that attempt where it left no state.
  func trimLogs(to state: TrainingState?) throws(Failure) {
    try keepLines(of: "train.jsonl") { place in state.map(place.isStep) ?? false }
    try keepLines(of: "log.txt") { place in state.map(place.isEpoch) ?? false }
  }

  /// Rewrites a file of JSON lines where some are not to be kept; half a line, which a crash leaves, is none.
  private func keepLines(of name: String, where keeps: (LoggedPlace) -> Bool) throws(Failure) {
    guard let bytes = FileManager.default.contents(atPath: file(name)) else { return }
    let decoder = JSONDecoder()
    let lines = bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      (try? decoder.decode(LoggedPlace.self, from: line)).map { (line, place: $0) }
    }
    // A run that began in the folder of another added to its lines, which are not this one's to drop.
    let start = lines.indices.dropFirst().last { !(lines[$0 - 1].place < lines[$0].place) } ?? 0
    let kept = lines[..<start] + lines[start...].filter { keeps($0.place) }
    let text = kept.map { String(decoding: $0.0, as: UTF8.self) + "\n" }.joined()
    guard Data(text.utf8) != bytes else { return }
    do {
      try AtomicFile.write(text, to: file(name))
    } catch {
      throw Failure(error)
    }
  }
}

/// Where in a run a line of its logs belongs.
private struct LoggedPlace: Decodable {
  let epoch: Int
  /// Updates of the run so far; of `train.jsonl`.
  let step: Int?
  /// Steps of the epoch so far; of `train.jsonl`, and not in old ones.
  let epoch_step: Int?

  /// Whether a run comes to this place first.
  static func < (one: LoggedPlace, other: LoggedPlace) -> Bool {
    (one.epoch, one.epoch_step ?? one.step ?? 0) < (other.epoch, other.epoch_step ?? other.step ?? 0)
  }

  /// Steps and updates differ where a float16 run skipped an update.
  func isStep(upTo state: TrainingState) -> Bool {
    guard epoch == state.epoch, let partial = state.partial else { return epoch <= state.epoch }
    return epoch_step.map { $0 <= partial.steps } ?? ((step ?? 0) <= state.steps)
  }

  func isEpoch(upTo state: TrainingState) -> Bool {
    state.partial == nil ? epoch <= state.epoch : epoch < state.epoch
  }
}
