import Checkpoint
import Foundation
import Training

extension RunFolder {
  /// Drops the lines of both logs that an earlier attempt wrote after the place of a state, so that they read like one
  /// run; all of them where it left no state.
  func trimLogs(to state: TrainingState?) throws(Failure) {
    try keepLines(of: "train.jsonl") { place in state.map(place.isStep(upTo:)) ?? false }
    try keepLines(of: "log.txt") { place in state.map(place.isEpoch(upTo:)) ?? false }
  }

  /// Rewrites a file of JSON lines where some are not to be kept; half a line, which a crash leaves, is none.
  private func keepLines(of name: String, where keeps: (LoggedPlace) -> Bool) throws(Failure) {
    guard let bytes = FileManager.default.contents(atPath: file(name)) else { return }
    let decoder = JSONDecoder()
    let kept = bytes.split(separator: UInt8(ascii: "\n")).filter { line in
      (try? decoder.decode(LoggedPlace.self, from: line)).map(keeps) ?? false
    }
    let text = kept.map { String(decoding: $0, as: UTF8.self) + "\n" }.joined()
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

  /// Steps and updates differ where a float16 run skipped an update.
  func isStep(upTo state: TrainingState) -> Bool {
    guard epoch == state.epoch, let partial = state.partial else { return epoch <= state.epoch }
    return epoch_step.map { $0 <= partial.steps } ?? ((step ?? 0) <= state.steps)
  }

  func isEpoch(upTo state: TrainingState) -> Bool {
    state.partial == nil ? epoch <= state.epoch : epoch < state.epoch
  }
}
