import Glibc
import SystemPackage

/// Attributes of a folder or file that change whenever its content does.
///
/// A folder's times change with the names in it, wherever the change was made and whatever its times were set
/// to afterwards. The device number is left out: a server's disk may return with another one.
struct Stamp: Equatable, BitwiseCopyable, Sendable {
  private let inode: UInt64
  private let size: Int
  /// Nanoseconds since 1970: of the last change of content, and of the last change of anything.
  private let (modified, changed): (Int, Int)

  /// Reads the stamp of what a path leads to; a missing file has a stamp of its own.
  init(_ path: FilePath) {
    var status = stat()
    guard path.withPlatformString({ stat($0, &status) }) == 0 else {
      (inode, size, modified, changed) = (0, 0, 0, 0)
      return
    }
    (inode, size) = (UInt64(status.st_ino), Int(status.st_size))
    (modified, changed) = (Self.nanoseconds(status.st_mtim), Self.nanoseconds(status.st_ctim))
  }

  /// Whether the last change is older than `moment` by `margin` nanoseconds, more than a tick of the file
  /// system's clock, so that any later change gives another stamp.
  func isSettled(at moment: Int, margin: Int) -> Bool { max(modified, changed) + margin <= moment }

  /// The present moment, in nanoseconds since 1970.
  static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return nanoseconds(time)
  }

  private static func nanoseconds(_ time: timespec) -> Int { time.tv_sec * 1_000_000_000 + time.tv_nsec }
}
