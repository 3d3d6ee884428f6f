import Glibc
import Output
import Recipe
import System

/// The launcher's own folder of a run: its logs, and a lock against a second launcher.
struct RunLock: ~Copyable {
  let path: String
  /// Nil where the output folder's lock is this one.
  private let lock: FolderLock?

  /// Makes the folder and takes possession of it until the launcher ends.
  init(path: String, owner: String, besides possession: Possession?) throws(LaunchError) {
    try Self.makeFolders(path)
    lock = try Self.lock(path, owner, possession)
    self.path = path
  }

  private static func lock(
    _ folder: String, _ owner: String, _ possession: Possession?
  ) throws(LaunchError) -> FolderLock? {
    let path = "\(folder)/lock"
    if possession?.isLock(path) == true { return nil }
    do throws(OutputError) {
      return try FolderLock(path, of: folder, owner: owner)
    } catch {
      throw LaunchError(error)
    }
  }
}

extension RunLock {
  /// Makes a folder and those above it.
  static func makeFolders(_ path: String) throws(LaunchError) {
    guard !Folders.make(path) else { return }
    throw LaunchError(
      "cannot write to \(path): \(errorText(errno)). Choose another folder with --output-dir or --run-dir.",
      exitStatus: .inputOutput)
  }
}
