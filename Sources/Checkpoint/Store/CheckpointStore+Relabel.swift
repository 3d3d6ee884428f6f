extension CheckpointStore {
  /// Gives a checkpoint another name and state, and removes it under the first one.
  ///
  /// Its tensors are not written again: the new folder has other names for the same files. When this returns, that is on
  /// the disk; on any error, and after a crash at any moment, the checkpoint is there as it was. Throws too where the
  /// file system knows no second names.
  func relabel(
    _ earlier: String, as name: String, state: some Encodable, isBest: Bool
  ) throws(CheckpointError) {
    precondition(name != earlier, "\(name) has that name")
    var manifest = try Manifest(in: path(of: earlier))
    manifest.sequence = (list().readable.first?.sequence ?? 0) + 1
    manifest.isBest = isBest
    let temporary = temporaryPath(of: name)
    try disk.removeLeftovers(in: folder)
    do throws(CheckpointError) {
      try disk.makeFolder(temporary)
      for file in manifest.files where file.name != StoredCheckpoint.stateFileName {
        try disk.link("\(path(of: earlier))/\(file.name)", as: "\(temporary)/\(file.name)")
      }
      manifest.files.removeAll { $0.name == StoredCheckpoint.stateFileName }
      try finish(temporary, with: try encoded(state, for: name), manifest)
      try publish(name)
    } catch {
      try? disk.remove(temporary)
      throw error
    }
    try disk.syncFolder(folder)
    // Whole as it is, it would only take a place among those that are kept.
    try? remove(earlier)
  }

  /// Relabels and then removes what is superfluous; nil, and nothing changed, where that cannot be done.
  func outcome(
    ofRelabelling earlier: String, as name: String, state: some Encodable, isBest: Bool, keeping count: Int?
  ) -> CheckpointWriter.Outcome? {
    let start = ContinuousClock.now
    do throws(CheckpointError) {
      try relabel(earlier, as: name, state: state, isBest: isBest)
    } catch {
      return nil
    }
    let pruned = count.map { prune(keeping: $0, sparing: name) }
    let entry = list().readable.first { $0.name == name }
    return .success(
      SavedCheckpoint(
        name: name, byteCount: entry?.byteCount ?? 0, duration: .now - start,
        removed: pruned?.removed ?? [], warning: pruned?.failure))
  }
}
