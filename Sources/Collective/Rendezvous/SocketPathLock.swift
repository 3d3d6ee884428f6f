internal import Glibc
internal import System

/// One process's exclusive right to listen at a socket path, held by a kernel file lock that ends with the
/// process.
///
/// ZeroMQ silently takes a path over from a living listener, so a lock file beside the socket must be locked
/// first.
final class SocketPathLock {
  /// The socket path.
  let path: String
  /// Nil once the path has been released.
  private var lock: Descriptor?
  private var lockPath: String { path + ".lock" }
  /// The file in which the owner may announce its TCP port.
  var announcementPath: String { Self.announcementPath(of: path) }
  static func announcementPath(of path: String) -> String { path + ".endpoint" }

  /// Why a path cannot be claimed.
  struct Refusal: Error { let detail: String }

  init(path: String) throws(Refusal) {
    self.path = path
    let lock = try Self.lock(path + ".lock")
    let owner = Array("\(getpid())\n".utf8)
    ftruncate(lock.number, 0)
    pwrite(lock.number, owner, owner.count, 0)
    self.lock = consume lock
  }

  /// Removes the socket, or the announcement of the port, from the folder, so that nobody else can connect;
  /// open connections stay.
  func hideSocket() {
    unlink(path)
    unlink(announcementPath)
  }

  /// Releases the path and removes its files; deinitialisation does the same.
  func release() {
    guard lock != nil else { return }
    hideSocket()
    unlink(lockPath)
    lock = nil
  }

  deinit { release() }
}

extension SocketPathLock {
  private static func lock(_ path: String) throws(Refusal) -> Descriptor {
    while true {
      guard let file = Descriptor(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)) else {
        throw Refusal(detail: "cannot create \(path): \(errorText(errno))")
      }
      guard flock(file.number, LOCK_EX | LOCK_NB) == 0 else {
        let failure = errno
        // Any other failure means that the file system does not support locks.
        guard failure == EWOULDBLOCK else {
          throw Refusal(
            detail:
              "cannot lock \(path): \(errorText(failure)). Likely its file system has no locks: set TMPDIR to "
              + "a folder on a local disk with a short path")
        }
        throw Refusal(
          detail: "\(path) is held by process \(owner(of: file.number)), which listens there. "
            + "Two runs share the folder, or an earlier worker still lives: end it, or use another folder")
      }
      // Had the last owner removed the file between the two calls, this lock would be on a file without a
      // name.
      if isCurrent(file.number, path) { return file }
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

  /// Refuses a folder that other users can enter, since anyone who can open a socket file can send to it.
  static func checkPrivate(directory: String) throws(Refusal) {
    var status = stat()
    guard stat(directory, &status) == 0 else {
      throw Refusal(detail: "the run folder \(directory) cannot be used: \(errorText(errno))")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw Refusal(detail: "\(directory) is not a folder") }
    guard status.st_uid == getuid(), status.st_mode & 0o077 == 0 else {
      throw Refusal(
        detail: "the run folder \(directory) is open to other users; make it private: chmod 700 \(directory)")
    }
  }
}
