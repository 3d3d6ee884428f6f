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
  static func removeAll(from folder: String) throws(CheckpointError) {
    try CheckpointStore(ofRunIn: folder).removeAll()
    for name in RunLayout.files { try AtomicFile.remove("\(folder)/\(name)") }
    try removeCurves(from: "\(folder)/\(RunLayout.events)")
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
