import Checkpoint
import Glibc
import Recipe
import System
import WorkerLink

/// The files that a run has left in its output folder.
package enum RunFiles {
  /// Throws where a file that a run has written would be written over by something else.
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

  /// Removes what a run has left in a folder, and nothing else.
  ///
  /// What says that the run is done goes first: a crash in between is not to leave a run that is done and has no weights.
  static func removeAll(from folder: String) throws(CheckpointError) {
    for name in ["\(RunLayout.launcher)/\(RunLayout.journal)", RunLayout.epochs, RunLayout.steps] {
      try AtomicFile.remove("\(folder)/\(name)")
    }
    try CheckpointStore(ofRunIn: folder).removeAll()
    for name in RunLayout.files { try AtomicFile.remove("\(folder)/\(name)") }
    try removeEvaluations(from: folder)
    try removeCurves(from: "\(folder)/\(RunLayout.events)")
  }

  /// Removes what evaluations of the run's weights have written, the file last that says whose the others are.
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

  /// Removes curves and the folders of earlier ones, and these where nothing else lies in them.
  private static func removeCurves(from folder: String) throws(CheckpointError) {
    for name in Folders.names(in: folder) {
      let path = "\(folder)/\(name)"
      if name.hasPrefix(RunLayout.earlierEvents) { try removeCurves(from: path) }
      if name.hasPrefix(RunLayout.eventFile) { try AtomicFile.remove(path) }
    }
    rmdir(folder)
  }

  /// Whether there is anything of that name.
  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }
}
