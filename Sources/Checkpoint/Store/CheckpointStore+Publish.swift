import Glibc

extension CheckpointStore {
  /// Gives the finished folder its name; an earlier folder of that name is then removed.
  func publish(_ name: String) throws(CheckpointError) {
    guard disk.exists(path(of: name)) else {
      return try disk.rename(temporaryPath(of: name), to: path(of: name))
    }
    do throws(CheckpointError) {
      try disk.exchange(temporaryPath(of: name), with: path(of: name))
    } catch .system(_, _, EINVAL) {
      return try replaceInTwoSteps(name)
    }
    try disk.syncFolder(folder)
    try disk.remove(temporaryPath(of: name))
  }

  /// For file systems that cannot swap two names, as NFS.
  ///
  /// For a moment there is no checkpoint of this name; the earlier one is then found as `NAME.earlier`.
  private func replaceInTwoSteps(_ name: String) throws(CheckpointError) {
    let earlier = "\(name).earlier"
    if disk.exists(path(of: earlier)) { try remove(earlier) }
    try disk.rename(path(of: name), to: path(of: earlier))
    try disk.rename(temporaryPath(of: name), to: path(of: name))
    try disk.syncFolder(folder)
    try remove(earlier)
  }
}
