import Glibc
import System
import SystemPackage

/// The right to write into a folder, which one process has at a time.
enum FolderClaim {
  /// Runs `body` while no other process has the folder, which is made where it is not there and goes again where nothing was
  /// written into it.
  ///
  /// A file system that knows no locks gives it to all.
  static func hold<Result>(
    _ folder: FilePath, _ body: () throws(DataError) -> Result
  ) throws(DataError) -> Result {
    let isNew = !Folders.isFolder(folder)
    guard Folders.make(folder) else { throw .unwritable(SystemError("write", folder)) }
    // Of an empty folder alone.
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
