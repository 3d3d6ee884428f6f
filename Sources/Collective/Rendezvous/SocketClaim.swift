internal import Glibc

/// The right of one process to listen at a socket path, as the kernel keeps it: it ends with the process.
///
/// ZeroMQ takes a path over from a living listener without a word, so a lock file beside the socket is asked first.
final class SocketClaim {
  /// Where to listen.
  let path: String
  private var lock: Int32
  private var lockPath: String { path + ".lock" }
  /// Where its owner may say at which port it listens.
  var announcementPath: String { Self.announcementPath(of: path) }
  static func announcementPath(of path: String) -> String { path + ".endpoint" }

  /// Why a path cannot be claimed.
  struct Refusal: Error { let detail: String }

  init(path: String) throws(Refusal) {
    self.path = path
    lock = try Self.lock(path + ".lock")
    let owner = Array("\(getpid())\n".utf8)
    ftruncate(lock, 0)
    pwrite(lock, owner, owner.count, 0)
  }

  /// Removes the socket, or where it listens, from the folder, so that nobody else can connect; connections live on.
  func hideSocket() {
    unlink(path)
    unlink(announcementPath)
  }

  /// Gives the path up and leaves no file; also the end of the claim's life does.
  func release() {
    guard lock >= 0 else { return }
    hideSocket()
    unlink(lockPath)
    close(lock)
    lock = -1
  }

  deinit { release() }
}

extension SocketClaim {
  private static func lock(_ path: String) throws(Refusal) -> Int32 {
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw Refusal(detail: "cannot create \(path): \(systemMessage(errno))") }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let failure = errno
        defer { close(descriptor) }
        // Where nobody holds it, the file system has no locks.
        guard failure == EWOULDBLOCK else {
          throw Refusal(
            detail:
              "cannot lock \(path): \(systemMessage(failure)). Likely its file system has no locks: set TMPDIR to "
              + "a folder on a local disk with a short path")
        }
        throw Refusal(
          detail: "\(path) is held by process \(owner(of: descriptor)), which listens there. "
            + "Two runs share the folder, or an earlier worker still lives: end it, or use another folder")
      }
      if isCurrent(descriptor, path) { return descriptor }
      // Its last owner removed the file between the two calls: the lock is on a file without a name.
      close(descriptor)
    }
  }

  private static func isCurrent(_ descriptor: Int32, _ path: String) -> Bool {
    var held = stat()
    var named = stat()
    return fstat(descriptor, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino
  }

  private static func owner(of descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = max(0, pread(descriptor, &bytes, bytes.count, 0))
    let digits = bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }
    return digits.isEmpty ? "(unknown)" : String(decoding: digits, as: UTF8.self)
  }

  /// Refuses a folder that other users can enter, since whoever opens a socket file can send to it.
  static func checkPrivate(directory: String) throws(Refusal) {
    var status = stat()
    guard stat(directory, &status) == 0 else {
      throw Refusal(detail: "the run folder \(directory) cannot be used: \(systemMessage(errno))")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw Refusal(detail: "\(directory) is not a folder") }
    guard status.st_uid == getuid(), status.st_mode & 0o077 == 0 else {
      throw Refusal(
        detail: "the run folder \(directory) is open to other users; make it private: chmod 700 \(directory)")
    }
  }

  private static func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }
}
