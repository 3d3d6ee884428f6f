import Glibc
import System
import SystemPackage

/// A folder that gets its name when all of it is there.
enum NewFolder {
  private static let ending = ".unfinished"

  /// Has `write` fill a folder beside `path`, which takes that name at the end; there must be nothing but an empty folder.
  ///
  /// Where `write` throws, nothing is left; what a process left that was killed meanwhile goes first.
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

  /// Where the folder is to be, without links that lead there; throws where nothing can be given that name at the end.
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

  /// Removes the unfinished folders of processes that are gone: their locks went with them, also those of other hosts where the
  /// file system knows locks, and a process of that number is no longer here.
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

  /// A descriptor that holds a folder's lock; negative where another process has it.
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
  /// What the system refuses to make or write.
  static func unwritable(_ error: SystemError) -> DataError {
    error.errno == ENOSPC || error.errno == EDQUOT
      ? .noRoom(path: error.path, reason: error.reason) : .unwritable(path: error.path, reason: error.reason)
  }
}
