import Glibc
import System
import SystemPackage

/// A folder that gets its name when all of it is there.
enum NewFolder {
  /// Has `write` fill a folder beside `path`, which takes that name at the end; there must be nothing but an empty folder.
  ///
  /// Where `write` throws, nothing is left.
  static func make(_ path: FilePath, _ write: (FilePath) throws(DataError) -> Void) throws(DataError) {
    let name = path.lastComponent?.string ?? ""
    let unfinished = path.removingLastComponent().appending("\(name).\(getpid()).unfinished")
    do throws(DataError) {
      guard Folders.make(unfinished.string) else { throw .unwritable(SystemError("write", path)) }
      try write(unfinished)
      guard rename(unfinished.string, path.string) == 0 else {
        throw .unwritable(SystemError("write", path))
      }
    } catch {
      removeTree(unfinished)
      throw error
    }
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
    .unwritable(path: error.path, reason: error.reason)
  }
}
