import FoundationEssentials
import Glibc
import RunControl
import System
import SystemPackage
import WorkerLink

/// Reads a run's files and asks its launcher; later calls read only what has changed.
struct RunReader {
  private let folder: RunFolder
  private var reading: RunReading?
  private var marks: [String: FileMark] = [:]
  private var evaluationMarks: [String: FileMark] = [:]
  private var pace = RunPace()
  private var system = SystemWatch()
  private let start = ContinuousClock.now

  /// How long to wait for a launcher's answer.
  private static let patience = Duration.seconds(2)

  init(_ folder: RunFolder) { self.folder = folder }

  /// Reads the run's current state.
  mutating func look(at now: Double = Date().timeIntervalSince1970) -> RunReading {
    var reading = self.reading ?? RunReading(folder.history, at: now)
    reading.now = now
    ask(&reading)
    let marks = self.marks(of: files)
    // No file tells whether the run is still going on.
    if marks != self.marks || folder.isAlive != (reading.history.ending == .running) {
      reading.history = folder.history
    }
    self.marks = marks
    readEvaluation(&reading)
    notePace(&reading)
    self.reading = reading
    return reading
  }

  private mutating func ask(_ reading: inout RunReading) {
    (reading.status, reading.system) = (nil, nil)
    reading.isSilent = false
    guard let launcher = folder.launcher, ControlClient.isAnswered(in: launcher) else { return }
    let answer = try? ControlClient.ask(
      ControlRequest(command: .status), folder: launcher, patience: Self.patience)
    reading.status = answer?.status
    reading.isSilent = answer == nil
    // The launcher answers on a local socket, so it is on this machine.
    reading.system = reading.status.flatMap { system.look(for: $0) }
  }

  private mutating func notePace(_ reading: inout RunReading) {
    (reading.restOfEpoch, reading.restOfRun) = (nil, nil)
    guard let status = reading.status, status.state == .running, let epoch = status.epoch,
      let step = status.step,
      let steps = status.stepsOfEpoch
    else { return }
    var place = WorkerStatus()
    (place.epoch, place.step, place.stepsOfEpoch, place.epochs) = (epoch, step, steps, reading.history.epochs)
    pace.look(place, at: .now - start)
    (reading.restOfEpoch, reading.restOfRun) = (pace.restOfEpoch(place), pace.restOfRun(place))
  }

  private mutating func readEvaluation(_ reading: inout RunReading) {
    let path = folder.output.flatMap(EvaluationNote.newestFile)
    let marks = self.marks(of: [path, path.flatMap(EvaluationNote.weights)].compactMap(\.self))
    guard marks != evaluationMarks else { return }
    evaluationMarks = marks
    reading.evaluation = path.flatMap(EvaluationNote.init(at:))
    reading.mistakes = Mistake.all(reading.evaluation?.mistakes ?? [])
  }

  private var files: [String] {
    let names = [RunLayout.epochs, RunLayout.steps, RunLayout.recipe]
    return names.compactMap { name in folder.output.map { "\($0)/\(name)" } }
      + [RunLayout.journal, RunLayout.launch].compactMap { name in folder.launcher.map { "\($0)/\(name)" } }
  }

  private func marks(of files: [String]) -> [String: FileMark] {
    Dictionary(uniqueKeysWithValues: files.compactMap { path in FileMark(path).map { (path, $0) } })
  }
}

/// File attributes that change with its content.
private struct FileMark: Equatable {
  private let number: UInt
  private let size: Int
  private let seconds: Int
  private let nanoseconds: Int

  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    (number, size) = (status.st_ino, status.st_size)
    (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
  }
}
