import Glibc
import System
import SystemPackage

/// The exclusive right of one process to write into a folder.
enum FolderClaim {
  /// Runs `body` while no other process holds the folder; a folder made for it is removed again if it stays
  /// empty.
  ///
  /// On a file system without locks, every process gets it.
  static func hold<Result>(
    _ folder: FilePath, _ body: () throws(DataError) -> Result
  ) throws(DataError) -> Result {
    let isNew = !Folders.isFolder(folder)
    guard Folders.make(folder) else { throw .unwritable(SystemError("write", folder)) }
    // Fails unless the folder is empty.
    defer { if isNew { folder.withPlatformString { _ = rmdir($0) } } }
    let lock = Descriptor(folder.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
    guard let lock else { throw .unwritable(SystemError("write", folder)) }
    guard flock(lock.number, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
      throw .unwritable(path: folder, reason: "another process is writing into it")
    }
    defer { withExtendedLifetime(lock) {} }
    return try body()
  }
}
