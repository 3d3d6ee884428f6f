import Checkpoint
import Foundation
import Output
import RunControl
import System
import SystemPackage
import Training
import WorkerLink

/// Handles the logs of an earlier attempt, or of another run.
extension OutputFolder {
  /// Removes what an earlier attempt logged after a state's place, so that the logs read like one run.
  ///
  /// - Parameter keepsOthers: Whether removed lines of `log.txt` are kept in `log.txt.earlier`.
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

  /// Moves the lines of both logs to the end of `NAME.earlier`, for a run that cannot be resumed.
  func setLogsAside() throws(Failure) {
    for name in [RunLayout.steps, RunLayout.epochs] { try setAside(name) }
  }

  /// Renames the weights of a run that cannot be resumed to unused names, and says so.
  func setWeightsAside() throws(Failure) {
    for name in RunLayout.allWeights where access(file(name), F_OK) == 0 {
      try setWeightsAside(name, "is of a run that cannot go on,")
    }
  }

  /// Does the same with weights from later epochs than a state, which exist if the disk had room for them but
  /// not for a checkpoint; returns whether there were any.
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

  /// Moves another run's table and curves aside, which would read as this run's; failures are reported, but
  /// end no run.
  func setViewsAside() {
    do {
      dropClasses()
      try setAside(RunLayout.table)
      try events.setAside()
    } catch {
      Console.warn("warning: an earlier run's figures stay among this one's: \(error)")
    }
  }

  /// Its figures are in the logs and curves too, except for the pictures.
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

  /// Keeps the table's header, and its rows up to a state.
  private func keepRows(upTo state: TrainingState) throws(Failure) {
    guard let bytes = try? RegularFile.contents(of: FilePath(file(RunLayout.table))) else { return }
    // An incomplete row, as left by a crash, is dropped.
    let whole = bytes[..<(bytes.lastIndex(of: UInt8(ascii: "\n")) ?? 0)]
    let kept = whole.split(separator: UInt8(ascii: "\n")).enumerated().filter { number, row in
      guard number > 0 else { return true }
      let epoch = Int(String(decoding: row.prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self))
      return epoch.map { LoggedPlace(epoch: $0, step: nil, epoch_step: nil).isEpoch(upTo: state) } ?? false
    }
    try replace(
      RunLayout.table, bytes, by: kept.map { String(decoding: $0.element, as: UTF8.self) + "\n" }.joined())
  }

  /// Rewrites a file of JSON lines without some of them; an incomplete line, as left by a crash, is dropped.
  ///
  /// - Parameter keepsOthers: Whether these go to `NAME.earlier`, if there is room.
  private func keepLines(
    of name: String, andOthers keepsOthers: Bool = false, where keeps: (LoggedPlace) -> Bool
  ) throws(Failure) {
    guard let bytes = try? RegularFile.contents(of: FilePath(file(name))) else { return }
    let decoder = JSONDecoder()
    let lines = bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      (try? decoder.decode(LoggedPlace.self, from: Data(line))).map { (line: line, place: $0) }
    }
    // A run that began in another's folder appended to its lines, which must be kept.
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
      // A file can be truncated even if there is no room for another.
      guard bytes.starts(with: text.utf8), truncate(file(name), off_t(text.utf8.count)) == 0 else {
        throw Failure(error)
      }
    }
  }
}

/// The place in a run of a log's line.
private struct LoggedPlace: Decodable {
  let epoch: Int
  /// The run's updates so far, in `train.jsonl`.
  let step: Int?
  /// The epoch's steps so far, in newer `train.jsonl` files.
  let epoch_step: Int?

  /// Whether a run reaches this place first.
  static func < (one: LoggedPlace, other: LoggedPlace) -> Bool {
    (one.epoch, one.epoch_step ?? one.step ?? 0) < (other.epoch, other.epoch_step ?? other.step ?? 0)
  }

  /// Steps and updates differ if a float16 run skipped an update.
  func isStep(upTo state: TrainingState) -> Bool {
    guard epoch == state.epoch, let partial = state.partial else { return epoch <= state.epoch }
    return epoch_step.map { $0 <= partial.steps } ?? ((step ?? 0) <= state.steps)
  }

  func isEpoch(upTo state: TrainingState) -> Bool {
    state.partial == nil ? epoch <= state.epoch : epoch < state.epoch
  }
}

extension EvaluationNote {
  /// Whether the place lies before a state's.
  fileprivate func isOf(_ state: TrainingState) -> Bool {
    epoch.map { LoggedPlace(epoch: $0, step: nil, epoch_step: nil).isEpoch(upTo: state) } ?? false
  }
}
