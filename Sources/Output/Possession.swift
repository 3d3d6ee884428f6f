import Checkpoint
import Glibc
import Recipe
import System
import WorkerLink

/// A run's exclusive possession of its output folder, from before its first file to its end.
///
/// The launcher takes it for its workers, a worker without a launcher for itself; nobody else writes there
/// meanwhile.
package final class Possession {
  private let folder: String
  private let owner: String
  private let beginning: Beginning
  /// Nil only if another run was first in a folder that was made again.
  private var lock: FolderLock?

  private static let flag = "--output-dir"
  /// The path of the lock, in the launcher's default folder.
  private static func lockPath(of folder: String) -> String { "\(folder)/\(RunLayout.lock)" }

  /// Takes possession of a folder, which is made if necessary.
  ///
  /// Throws, without changing the folder, if another process writes to it, if it is not writable, or if it
  /// contains a run that this one neither resumes nor may overwrite.
  /// - Parameter owner: The owner in a few words.
  package init(of folder: String, beginning: Beginning, owner: String) throws(OutputError) {
    (self.folder, self.beginning, self.owner) = (folder, beginning, owner)
    try Self.check(folder, beginning)
    lock = try Self.lock(folder, owner)
    // Now nobody else can begin a run here, but somebody may just have done so.
    try Self.requireRoom(in: folder, for: beginning)
  }

  /// Throws if another process writes to a folder, whose files should then not be read either.
  package static func requireFree(_ folder: String) throws(OutputError) {
    try FolderLock.requireFree(lockPath(of: folder), of: folder, movedBy: flag)
  }

  /// Throws as taking possession would, without making anything.
  package static func check(_ folder: String, _ beginning: Beginning) throws(OutputError) {
    try beginning.check(in: folder)
    try requireFree(folder)
    try requireRoom(in: folder, for: beginning)
    guard Folders.canWrite(folder) else { throw .unwritable(folder) }
  }

  /// A new folder beside `folder` for a run that would find another one there; nil if it may use `folder`
  /// itself.
  package static func free(besides folder: String, _ beginning: Beginning) -> String? {
    do throws(OutputError) {
      try requireRoom(in: folder, for: beginning)
      return nil
    } catch {
      return (2...).lazy.map { "\(folder)-\($0)" }.first { access($0, F_OK) != 0 }
    }
  }

  /// Removes an earlier run that is to be overwritten: once, before the first attempt.
  package func begin() throws(OutputError) {
    guard beginning.overwrites else { return }
    do throws(CheckpointError) {
      try RunFiles.removeAll(from: folder)
    } catch {
      throw OutputError("--overwrite: \(error)", exitStatus: .inputOutput)
    }
  }

  /// Takes the lock again if the folder was removed or moved and made again.
  package func keep() throws(OutputError) {
    guard access(folder, F_OK) == 0, !isInPlace else { return }
    lock = nil
    lock = try Self.lock(folder, owner)
  }

  /// Whether that file is the folder's lock.
  package func isLock(_ path: String) -> Bool { lock?.isLock(path) ?? false }

  private var isInPlace: Bool { isLock(Self.lockPath(of: folder)) }

  private static func lock(_ folder: String, _ owner: String) throws(OutputError) -> FolderLock {
    let path = lockPath(of: folder)
    guard Folders.make(Folders.parent(of: path)) else { throw .unwritable(folder) }
    return try FolderLock(path, of: folder, owner: owner, movedBy: flag)
  }

  private static func requireRoom(in folder: String, for beginning: Beginning) throws(OutputError) {
    guard !beginning.overwrites, !beginning.goesOn(in: folder), let earlier = EarlierRun(in: folder) else {
      return
    }
    do throws(CheckpointError) {
      try CheckpointStore(ofRunIn: folder).requireListing()
    } catch {
      throw OutputError(
        "\(folder) holds a run (\(earlier.summary)) whose checkpoints cannot be looked at: \("\(error)".asSentence) See that this user may read "
          + "the folder, and that its disk is mounted", exitStatus: .inputOutput)
    }
    let way =
      earlier.furthest != nil
      ? "Go on with it: --resume auto."
      : "It has no checkpoint to go on from. \(earlier.wayOn)"
    throw OutputError(
      "\(folder) holds a run (\(earlier.summary)), and this one would write over it. \(way) "
        + "Keep it: another folder, by --output_dir. Remove it: --overwrite.", exitStatus: .badConfiguration)
  }
}
