import Checkpoint
import Glibc
import WorkerLink

/// The files that a run has left in its output folder.
enum RunFiles {
  /// Removes what a run has left in a folder, and nothing else.
  static func removeAll(from folder: String) throws(CheckpointError) {
    try CheckpointStore(ofRunIn: folder).removeAll()
    for name in RunLayout.files { try AtomicFile.remove("\(folder)/\(name)") }
  }

  /// Whether there is anything of that name.
  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }
}
