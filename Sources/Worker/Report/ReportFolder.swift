import Checkpoint
import Foundation
import Recipe
import RunControl
import System
import SystemPackage
import WorkerLink

/// The folder of an evaluation's report: an earlier evaluation's files are replaced, any other files are not.
struct ReportFolder {
  let path: String

  /// All figures; written last, and read to recognise an evaluation's files.
  static let summary = RunLayout.evaluation
  /// The confusion matrix.
  static let confusion = RunLayout.confusion
  /// The misclassified images, the most confident first.
  static let mistakes = RunLayout.mistakes
  /// A page with the first of them.
  static let sheet = RunLayout.mistakeSheet

  /// The parts that a run's page shows.
  static let classes = RunLayout.classes

  private static let names = [confusion, mistakes, sheet, classes, summary]

  /// The format identifier in the summary.
  static let format = "twins-evaluation-1"

  /// Throws if the folder cannot be made or written to, or contains files of these names that no evaluation
  /// wrote.
  func requireOwn() throws(Failure) {
    let place = nearest
    guard Folders.isFolder(place), access(place, W_OK | X_OK) == 0 else {
      throw refused(errorText(errno))
    }
    guard let name = Self.names.first(where: { access("\(path)/\($0)", F_OK) == 0 }), !isOfEvaluation else {
      return
    }
    throw Failure(
      "\(masked(path)) has a file \(name) that no evaluation of this program has written, and it is not written over: name "
        + "another folder with --output-dir", exitStatus: .badConfiguration)
  }

  /// Writes the files, replacing an earlier evaluation's.
  func write(_ report: EvaluationReport) throws {
    guard Folders.make(path) else { throw refused(errorText(errno)) }
    let summary = try report.summary
    let texts = [
      (Self.confusion, report.confusionTable), (Self.mistakes, report.mistakeTable),
      (Self.sheet, MistakeSheet(report).text),
    ]
    do throws(CheckpointError) {
      for (name, text) in texts { try AtomicFile.write(text, to: "\(path)/\(name)") }
      try report.note.write(to: "\(path)/\(Self.classes)")
      try AtomicFile.write(summary, to: "\(path)/\(Self.summary)")
    } catch {
      throw Failure(error.description, exitStatus: .inputOutput)
    }
  }

  /// A line that lists the files.
  var line: String { "Written    \(masked(path)): \(Self.names.reversed().joined(separator: ", "))" }

  /// The folder itself, or its nearest existing ancestor.
  private var nearest: String {
    var place = FilePath(path)
    while access(place.string, F_OK) != 0, place.lastComponent != nil { place.removeLastComponent() }
    return place.isEmpty ? "." : place.string
  }

  private var isOfEvaluation: Bool {
    struct Summary: Decodable { let format: String }
    let bytes = try? RegularFile.contents(of: FilePath("\(path)/\(Self.summary)"))
    let summary = bytes.flatMap { try? JSONDecoder().decode(Summary.self, from: Data($0)) }
    return summary?.format == Self.format
  }

  private func refused(_ reason: String) -> Failure {
    Failure(
      "cannot write to \(masked(path)): \(reason). Name a folder that this user may write to with --output-dir.",
      exitStatus: .inputOutput)
  }
}
