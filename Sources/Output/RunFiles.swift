import Checkpoint
import Glibc
import Recipe
import System
import WorkerLink

/// The files of a run in its output folder.
package enum RunFiles {
  /// Throws if something else would overwrite a file that a run has written.
  package static func spare(_ path: String) throws(OutputError) {
    let folder = Folders.parent(of: path)
    guard let name = path.split(separator: "/").last, RunLayout.files.contains(String(name)),
      name != RunLayout.report, exists(path),
      [RunLayout.recipe, RunLayout.epochs].contains(where: { exists("\(folder)/\($0)") })
    else { return }
    throw OutputError(
      "\(path) is a file of the run in \(folder), which would be lost: choose another name",
      exitStatus: .badConfiguration)
  }

  /// Removes a run's files from a folder, and nothing else.
  ///
  /// The record that the run is finished is removed first: a crash must not leave a finished run without
  /// weights.
  static func removeAll(from folder: String) throws(CheckpointError) {
    for name in ["\(RunLayout.launcher)/\(RunLayout.journal)", RunLayout.epochs, RunLayout.steps] {
      try AtomicFile.remove("\(folder)/\(name)")
    }
    try CheckpointStore(ofRunIn: folder).removeAll()
    for name in RunLayout.files { try AtomicFile.remove("\(folder)/\(name)") }
    try removeEvaluations(from: folder)
    try removeCurves(from: "\(folder)/\(RunLayout.events)")
  }

  /// Removes the evaluations of the run's weights; the file that identifies the others goes last.
  private static func removeEvaluations(from folder: String) throws(CheckpointError) {
    for name in Folders.names(in: folder) where name.hasSuffix(RunLayout.evaluationFolder) {
      let path = "\(folder)/\(name)"
      guard exists("\(path)/\(RunLayout.evaluation)") else { continue }
      for file in [
        RunLayout.classes, RunLayout.confusion, RunLayout.mistakes, RunLayout.mistakeSheet,
        RunLayout.evaluation,
      ] {
        try AtomicFile.remove("\(path)/\(file)")
      }
      rmdir(path)
    }
  }

  /// Removes event files and folders of earlier ones, as far as these contain nothing else.
  private static func removeCurves(from folder: String) throws(CheckpointError) {
    for name in Folders.names(in: folder) {
      let path = "\(folder)/\(name)"
      if name.hasPrefix(RunLayout.earlierEvents) { try removeCurves(from: path) }
      if name.hasPrefix(RunLayout.eventFile) { try AtomicFile.remove(path) }
    }
    rmdir(folder)
  }

  /// Whether anything of that name exists.
  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }
}
