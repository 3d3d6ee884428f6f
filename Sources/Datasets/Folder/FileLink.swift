import Glibc
import System
import SystemPackage

/// How a file got a second name without a copy of its bytes.
public enum FileLink: Sendable {
  /// A hard link, which stays when the first name is removed.
  case hard
  /// A symbolic link, used where no hard link is possible: on another file system, or to another user's file.
  case symbolic

  /// Links `path` to the file that `target` leads to.
  static func make(_ path: FilePath, to target: FilePath) throws(DataError) -> FileLink {
    // Links to the final file: a link to a link would break if it is relative, or lead elsewhere once that
    // changes.
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

  /// Whether there is a link that leads nowhere.
  static func isDangling(_ path: FilePath) -> Bool {
    var status = stat()
    guard path.withPlatformString({ lstat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFLNK else {
      return false
    }
    return path.withPlatformString { stat($0, &status) } != 0 && (errno == ENOENT || errno == ELOOP)
  }
}
