import Glibc
import SystemPackage

/// What the system says of a folder or a file that is another once what it holds is another.
///
/// A folder's times change with the names in it, wherever it was changed from and whatever its times were set to afterwards. The device's
/// number is left out: a server's disk may come back with another one.
struct Stamp: Equatable, BitwiseCopyable, Sendable {
  private let inode: UInt64
  private let size: Int
  /// Nanoseconds since 1970: of its content, and of all that the system keeps about it.
  private let (modified, changed): (Int, Int)

  /// Of what a path leads to; one of its own where that is nothing.
  init(_ path: FilePath) {
    var status = stat()
    guard path.withPlatformString({ stat($0, &status) }) == 0 else {
      (inode, size, modified, changed) = (0, 0, 0, 0)
      return
    }
    (inode, size) = (UInt64(status.st_ino), Int(status.st_size))
    (modified, changed) = (Self.nanoseconds(status.st_mtim), Self.nanoseconds(status.st_ctim))
  }

  /// Whether it is older than a moment by some nanoseconds, more than a tick of the file system's clock: what changes from then on gets
  /// another stamp.
  func isSettled(at moment: Int, margin: Int) -> Bool { max(modified, changed) + margin <= moment }

  /// The present moment, in nanoseconds since 1970.
  static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return nanoseconds(time)
  }

  private static func nanoseconds(_ time: timespec) -> Int { time.tv_sec * 1_000_000_000 + time.tv_nsec }
}
