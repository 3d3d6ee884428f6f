import Glibc
import System
import SystemPackage

/// How a file gets a second name without a second copy of its bytes.
public enum FileLink: Sendable {
  /// Another name of the same file, which stays when the first is removed.
  case hard
  /// A name that leads to the first, where no hard link can be: on another file system, or to somebody else's file.
  case symbolic

  /// Links `path` to the file that `target` leads to.
  static func make(_ path: FilePath, to target: FilePath) throws(DataError) -> FileLink {
    // A link to a link would break when it is relative, and lead elsewhere when it is changed.
    let isHard = target.withPlatformString { old in
      path.withPlatformString { linkat(AT_FDCWD, old, AT_FDCWD, $0, AT_SYMLINK_FOLLOW) == 0 }
    }
    if isHard { return .hard }
    let failure = SystemError("write", path)
    if isDangling(target) { throw .danglingLink(target) }
    switch failure.errno {
    case EXDEV, EPERM, EMLINK, EOPNOTSUPP, ENOSYS: break
    default: throw .unwritable(failure)
    }
    guard let whole = target.withPlatformString({ realpath($0, nil) }) else {
      throw .unreadable(SystemError("open", target))
    }
    defer { free(whole) }
    guard path.withPlatformString({ symlink(whole, $0) == 0 }) else {
      throw .unwritable(SystemError("write", path))
    }
    return .symbolic
  }

  /// Whether a link lies there that leads to nothing.
  static func isDangling(_ path: FilePath) -> Bool {
    var status = stat()
    guard path.withPlatformString({ lstat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFLNK else {
      return false
    }
    return path.withPlatformString { stat($0, &status) } != 0 && (errno == ENOENT || errno == ELOOP)
  }
}
