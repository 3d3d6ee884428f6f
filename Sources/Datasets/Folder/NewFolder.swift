import Glibc
import System
import SystemPackage

/// A new folder that gets its name only when it is complete.
enum NewFolder {
  private static let ending = ".unfinished"

  /// Lets `write` fill a folder beside `path`, then renames it to `path`, where at most an empty folder may
  /// be.
  ///
  /// If `write` throws, nothing remains; leftovers of processes that were killed are removed first.
  static func make(_ path: FilePath, _ write: (FilePath) throws(DataError) -> Void) throws(DataError) {
    let path = try place(of: path)
    removeLeftovers(of: path)
    let name = path.lastComponent?.string ?? ""
    let unfinished = path.removingLastComponent().appending("\(name).\(getpid())\(ending)")
    do throws(DataError) {
      guard Folders.make(unfinished) else { throw .unwritable(SystemError("write", path)) }
      let lock = lock(unfinished)
      defer { if lock >= 0 { close(lock) } }
      try write(unfinished)
      guard rename(unfinished.string, path.string) == 0 else {
        throw .unwritable(SystemError("write", path))
      }
    } catch {
      removeTree(unfinished)
      throw error
    }
  }

  /// The folder's final path with links resolved; throws if nothing can be renamed to it.
  private static func place(of path: FilePath) throws(DataError) -> FilePath {
    guard path.lastComponent?.kind == .regular else {
      throw .unwritable(path: path, reason: "a folder that is made anew needs a name")
    }
    guard let real = path.withPlatformString({ realpath($0, nil) }) else { return path }
    defer { free(real) }
    let found = FilePath(platformString: real)
    guard Folders.isFolder(found) else { throw .noSuchFolder(path) }
    return found
  }

  /// Removes unfinished folders of dead processes: their locks ended with them, on other hosts too if the
  /// file system supports locks; otherwise no process of that number is alive.
  private static func removeLeftovers(of path: FilePath) {
    let folder = path.removingLastComponent()
    let prefix = (path.lastComponent?.string ?? "") + "."
    for name in Folders.names(in: folder.isEmpty ? "." : folder.string)
    where name.hasPrefix(prefix) && name.hasSuffix(ending) {
      guard let process = pid_t(name.dropFirst(prefix.count).dropLast(ending.count)), process > 0,
        kill(process, 0) != 0, errno == ESRCH
      else { continue }
      let leftover = folder.appending(name)
      let lock = lock(leftover)
      guard lock >= 0 else { continue }
      removeTree(leftover)
      close(lock)
    }
  }

  /// A descriptor that locks a folder; negative if another process holds the lock.
  private static func lock(_ folder: FilePath) -> CInt {
    let descriptor = folder.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return descriptor }
    close(descriptor)
    return -1
  }

  private static func removeTree(_ path: FilePath) {
    guard let directory = try? Directory(path) else { return }
    for name in directory.folders { removeTree(path.appending(bytes: name)) }
    for name in directory.files { path.appending(bytes: name).withPlatformString { _ = unlink($0) } }
    path.withPlatformString { _ = rmdir($0) }
  }
}

extension DataError {
  /// The error for something that the system refuses to make or write.
  static func unwritable(_ error: SystemError) -> DataError {
    error.errno == ENOSPC || error.errno == EDQUOT
      ? .noRoom(path: error.path, reason: error.reason) : .unwritable(path: error.path, reason: error.reason)
  }
}
