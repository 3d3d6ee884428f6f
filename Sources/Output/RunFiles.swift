import Checkpoint
import Glibc
import System
import WorkerLink

/// The files that a run has left in its output folder.
enum RunFiles {
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
