import Glibc

extension CheckpointStore {
  /// The places of a run that have checkpoints, whole or not, the furthest last.
  public var names: [CheckpointName] { folders.map(\.place) }

  /// Removes every checkpoint with what is in it, and what dead writers left; the folder too, where it is empty then.
  public func removeAll() throws(CheckpointError) {
    // The first ones first: what a crash leaves is where the run was.
    for checkpoint in folders { try remove(checkpoint.name) }
    try disk.removeLeftovers(in: folder)
    rmdir(folder)
  }

  private var folders: [(name: String, place: CheckpointName)] {
    disk.names(in: folder).compactMap { name in CheckpointName(name).map { (name, $0) } }
      .sorted { $0.place < $1.place }
  }
}

extension AtomicFile {
  /// Removes a file, or a link to one, with what dead writers left of it; where there is none, nothing.
  public static func remove(_ path: String) throws(CheckpointError) {
    let disk = Disk()
    let (folder, name) = Disk.split(path)
    try disk.removeLeftovers(in: folder, of: name)
    do throws(CheckpointError) {
      try disk.removeFile(path)
    } catch .system(_, _, ENOENT), .system(_, _, EISDIR) {
    }
  }
}
