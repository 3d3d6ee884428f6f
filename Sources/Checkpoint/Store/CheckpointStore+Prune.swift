extension CheckpointStore {
  /// Removes the oldest checkpoints beyond `count`, but never the newest one that is whole, nor the newest of those
  /// that were saved as the best.
  ///
  /// Folders that have no readable manifest are left alone, and so is everything where nothing is whole.
  public func prune(keeping count: Int) throws(CheckpointError) {
    guard let newest = newestVerified().checkpoint else { return }
    if let failure = prune(keeping: count, sparing: newest.name).failure { throw failure }
  }

  /// Removes what is beyond `count`, unless no checkpoint is whole or that would not make room for so many bytes; what
  /// it removed.
  func makeRoom(for byteCount: Int, keeping count: Int) -> [String] {
    guard let newest = newestVerified().checkpoint else { return [] }
    // Each is a petabyte at most, but nobody counts the folders.
    let gain = superfluous(keeping: count, sparing: newest.name).reduce(0.0) { $0 + Double($1.byteCount) }
    if let free = disk.freeBytes(at: folder), Double(free) + gain < Double(byteCount) { return [] }
    return prune(keeping: count, sparing: newest.name).removed
  }

  /// Removes as many as it can, the oldest first; `verified` names one that was read back and found whole.
  func prune(keeping count: Int, sparing verified: String) -> (removed: [String], failure: CheckpointError?) {
    var removed: [String] = []
    do throws(CheckpointError) {
      for entry in superfluous(keeping: count, sparing: verified) {
        try remove(entry.name)
        removed.append(entry.name)
      }
    } catch {
      return (removed, error)
    }
    return (removed, nil)
  }

  /// The oldest first.
  private func superfluous(keeping count: Int, sparing verified: String) -> [Entry] {
    let entries = list().readable
    let best = entries.first(where: \.isBest)?.name
    return entries.dropFirst(max(1, count)).reversed().filter { $0.name != verified && $0.name != best }
  }

  /// First out of sight for good, in one step, so that a half-removed folder never looks like a checkpoint.
  func remove(_ name: String) throws(CheckpointError) {
    try disk.rename(path(of: name), to: temporaryPath(of: name))
    try disk.syncFolder(folder)
    try disk.remove(temporaryPath(of: name))
  }
}
