import Checkpoint
import Foundation
import Output
import RunControl
import System
import SystemPackage
import Training
import WorkerLink

/// What becomes of an earlier attempt's logs, and of another run's.
extension OutputFolder {
  /// Drops what an earlier attempt wrote into the logs after the place of a state, so that they read like one run.
  ///
  /// - Parameter keepsOthers: Whether the lines of `log.txt` that go are kept in `log.txt.earlier`.
  func trimLogs(to state: TrainingState, keepingOthers keepsOthers: Bool = false) throws(Failure) {
    try keepLines(of: RunLayout.steps) { $0.isStep(upTo: state) }
    try keepLines(of: RunLayout.epochs, andOthers: keepsOthers) { $0.isEpoch(upTo: state) }
    try keepRows(upTo: state)
    if !(EvaluationNote(at: file(RunLayout.classes))?.isOf(state) ?? false) { dropClasses() }
    do throws(SystemError) {
      try events.trim(to: state)
    } catch {
      throw Self.refused(path, "\(RunLayout.events): \(error.reason)")
    }
  }

  /// Moves the lines of both logs to the end of `NAME.earlier`: those of a run that cannot be gone on with.
  func setLogsAside() throws(Failure) {
    for name in [RunLayout.steps, RunLayout.epochs] { try setAside(name) }
  }

  /// Gives the weights of a run that cannot be gone on with other names, of which none is taken, and says so.
  func setWeightsAside() throws(Failure) {
    for name in RunLayout.allWeights where access(file(name), F_OK) == 0 {
      try setWeightsAside(name, "is of a run that cannot go on,")
    }
  }

  /// Likewise of weights from later epochs than a state, as where the disk had room for them and for no checkpoint; whether there
  /// were any.
  func setWeightsAside(after state: TrainingState) throws(Failure) -> Bool {
    var wereThere = false
    for name in RunLayout.allWeights {
      guard let epoch = NamedWeights.epoch(of: file(name)), epoch > state.epoch else { continue }
      try setWeightsAside(name, "is of epoch \(epoch), which the run does again,")
      wereThere = true
    }
    return wereThere
  }

  private func setWeightsAside(_ name: String, _ reason: String) throws(Failure) {
    let aside = RunLayout.earlierWeights(name).first { access(file($0), F_OK) != 0 }
    guard let aside, rename(file(name), file(aside)) == 0 else {
      throw Self.refused(path, "\(name): it would be written over, and cannot be kept under another name")
    }
    Console.warn("note: \(masked(file(name))) \(reason) and is kept as \(aside)")
  }

  /// Moves another run's table and curves aside, which would read as this run's; what stays is said, and ends no run.
  func setViewsAside() {
    do {
      dropClasses()
      try setAside(RunLayout.table)
      try events.setAside()
    } catch {
      Console.warn("warning: an earlier run's figures stay among this one's: \(error)")
    }
  }

  /// What it tells is in the logs and the curves too, but for the pictures.
  private func dropClasses() { unlink(file(RunLayout.classes)) }

  private func setAside(_ name: String) throws(Failure) {
    guard let lines = try? RegularFile.contents(of: FilePath(file(name))), !lines.isEmpty else { return }
    do throws(SystemError) {
      try addToEarlier(name, lines)
      guard truncate(file(name), 0) == 0 else { throw SystemError("cut", FilePath(file(name))) }
    } catch {
      throw Self.refused(path, "\(RunLayout.earlier(name)): \(error.reason)")
    }
  }

  private func addToEarlier(_ name: String, _ lines: [UInt8]) throws(SystemError) {
    try RegularFile(addingTo: FilePath(file(RunLayout.earlier(name)))).write(lines)
  }

  /// Keeps the table's head, and its rows up to a state.
  private func keepRows(upTo state: TrainingState) throws(Failure) {
    guard let bytes = try? RegularFile.contents(of: FilePath(file(RunLayout.table))) else { return }
    // Half a row, which a crash leaves, is none.
    let whole = bytes[..<(bytes.lastIndex(of: UInt8(ascii: "\n")) ?? 0)]
    let kept = whole.split(separator: UInt8(ascii: "\n")).enumerated().filter { number, row in
      guard number > 0 else { return true }
      let epoch = Int(String(decoding: row.prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self))
      return epoch.map { LoggedPlace(epoch: $0, step: nil, epoch_step: nil).isEpoch(upTo: state) } ?? false
    }
    try replace(
      RunLayout.table, bytes, by: kept.map { String(decoding: $0.element, as: UTF8.self) + "\n" }.joined())
  }

  /// Rewrites a file of JSON lines where some are not to be kept; half a line, which a crash leaves, is none.
  ///
  /// - Parameter keepsOthers: Whether those go to `NAME.earlier`, where there is room.
  private func keepLines(
    of name: String, andOthers keepsOthers: Bool = false, where keeps: (LoggedPlace) -> Bool
  ) throws(Failure) {
    guard let bytes = try? RegularFile.contents(of: FilePath(file(name))) else { return }
    let decoder = JSONDecoder()
    let lines = bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      (try? decoder.decode(LoggedPlace.self, from: Data(line))).map { (line: line, place: $0) }
    }
    // A run that began in the folder of another added to its lines, which are not this one's to drop.
    let start = lines.indices.dropFirst().last { !(lines[$0 - 1].place < lines[$0].place) } ?? 0
    let kept = lines[..<start] + lines[start...].filter { keeps($0.place) }
    let others = lines[start...].filter { !keeps($0.place) }.flatMap { $0.line + [UInt8(ascii: "\n")] }
    if keepsOthers, !others.isEmpty { try? addToEarlier(name, others) }
    try replace(name, bytes, by: kept.map { String(decoding: $0.line, as: UTF8.self) + "\n" }.joined())
  }

  private func replace(_ name: String, _ bytes: [UInt8], by text: String) throws(Failure) {
    do {
      try AtomicFile.write(text, to: file(name))
    } catch {
      // A file can be cut even where there is no room for another one.
      guard bytes.starts(with: text.utf8), truncate(file(name), off_t(text.utf8.count)) == 0 else {
        throw Failure(error)
      }
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

extension EvaluationNote {
  /// Whether a run that goes on from a state has come to it.
  fileprivate func isOf(_ state: TrainingState) -> Bool {
    epoch.map { LoggedPlace(epoch: $0, step: nil, epoch_step: nil).isEpoch(upTo: state) } ?? false
  }
}
