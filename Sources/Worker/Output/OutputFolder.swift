import Checkpoint
import Foundation
import Recipe
import System
import SystemPackage
import Training
import WorkerLink

/// The output folder of a run and the files in it that rank 0 writes line by line.
struct OutputFolder {
  let path: String

  /// The folder at `path`, which need not be there and is not made.
  init(path: String) { self.path = path }

  /// The folder at `path`, made if it is not there; throws when it cannot be written to.
  init(creating path: String) throws(Failure) {
    self.init(path: path)
    try make()
  }

  /// Makes the folder if it is not there; throws when it cannot be written to.
  func make() throws(Failure) {
    guard Folders.make(path), access(path, W_OK | X_OK) == 0 else {
      throw Self.refused(path, String(cString: strerror(errno)))
    }
  }

  /// The path of a file in the folder.
  func file(_ name: String) -> String { path + "/" + name }

  /// The states that a run can go on from.
  var checkpoints: CheckpointStore { CheckpointStore(ofRunIn: path) }

  /// Writes the resolved recipe, for people and for the next run.
  func write(_ recipe: Recipe) throws(Failure) {
    // A run that goes on has it, and a full disk has no room for it twice.
    let document = recipe.document
    if let bytes = try? RegularFile.contents(of: FilePath(file(RunLayout.recipe))),
      bytes.elementsEqual(document.utf8)
    {
      return
    }
    do {
      try AtomicFile.write(document, to: file(RunLayout.recipe))
    } catch {
      throw Failure(error)
    }
  }

  /// Opens a file of one JSON object a line, to add to.
  func lines(_ name: String) throws(Failure) -> JSONLines {
    do {
      return try JSONLines(addingTo: file(name))
    } catch {
      throw Self.refused(path, "\(name): \(error.reason)")
    }
  }

  /// Whether somebody removed or moved the folder.
  var isGone: Bool { access(path, F_OK) != 0 }

  /// Makes the folder again where it is gone, with the recipe in it; says so.
  func makeAgain(_ recipe: Recipe) throws(Failure) {
    if isGone {
      guard Folders.make(path) else { throw Self.refused(path, String(cString: strerror(errno))) }
      Console.warn(
        "warning: \(path) was removed or moved during the run, and is made again without what was in it")
    }
    // Without room for it, the weights come first.
    try? write(recipe)
  }

  /// Gives the best weights of a run that evaluated only their average the name of what they are, once.
  func nameBestAverage() {
    let name = file(RunLayout.weights(.best, average: true))
    if access(name, F_OK) != 0 { rename(file(RunLayout.weights(.best, average: false)), name) }
  }

  /// Drops the lines of both logs that an earlier attempt wrote after the place of a state, so that they read like one run.
  func trimLogs(to state: TrainingState) throws(Failure) {
    try keepLines(of: RunLayout.steps) { $0.isStep(upTo: state) }
    try keepLines(of: RunLayout.epochs) { $0.isEpoch(upTo: state) }
  }

  /// Moves the lines of both logs to the end of `NAME.earlier`: those of a run that cannot be gone on with.
  func setLogsAside() throws(Failure) {
    for name in [RunLayout.steps, RunLayout.epochs] {
      guard let lines = try? RegularFile.contents(of: FilePath(file(name))), !lines.isEmpty else { continue }
      do throws(SystemError) {
        try RegularFile(addingTo: FilePath(file(RunLayout.earlier(name)))).write(lines)
        guard truncate(file(name), 0) == 0 else { throw SystemError("cut", FilePath(file(name))) }
      } catch {
        throw Self.refused(path, "\(RunLayout.earlier(name)): \(error.reason)")
      }
    }
  }

  /// Rewrites a file of JSON lines where some are not to be kept; half a line, which a crash leaves, is none.
  private func keepLines(of name: String, where keeps: (LoggedPlace) -> Bool) throws(Failure) {
    guard let bytes = try? RegularFile.contents(of: FilePath(file(name))) else { return }
    let decoder = JSONDecoder()
    let lines = bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      (try? decoder.decode(LoggedPlace.self, from: Data(line))).map { (line, place: $0) }
    }
    // A run that began in the folder of another added to its lines, which are not this one's to drop.
    let start = lines.indices.dropFirst().last { !(lines[$0 - 1].place < lines[$0].place) } ?? 0
    let kept = lines[..<start] + lines[start...].filter { keeps($0.place) }
    let text = kept.map { String(decoding: $0.0, as: UTF8.self) + "\n" }.joined()
    do {
      try AtomicFile.write(text, to: file(name))
    } catch {
      // A file can be cut even where there is no room for another one.
      guard bytes.starts(with: text.utf8), truncate(file(name), off_t(text.utf8.count)) == 0 else {
        throw Failure(error)
      }
    }
  }

  private static func refused(_ path: String, _ reason: String) -> Failure {
    Failure(
      "cannot write to the output folder \(path): \(reason). "
        + "Choose one that this user may write to with --output-dir.", exitStatus: .inputOutput)
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
