import Glibc
import Recipe

/// The launcher's own folder of a run: its logs, and a lock against a second launcher.
struct RunFolder: ~Copyable {
  let path: String
  private let lock: Descriptor

  /// Makes the folder and takes possession of it until the launcher ends.
  init(path: String, runIdentifier: String) throws(LaunchError) {
    try Self.makeFolders(path)
    let lock = try Self.openLock("\(path)/lock")
    try Self.acquire(lock, of: path, owner: "pid \(getpid()), run \(runIdentifier)")
    self.path = path
    self.lock = lock
  }
}

extension RunFolder {
  /// Makes a folder and those above it.
  static func makeFolders(_ path: String) throws(LaunchError) {
    if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
      throw notWritable(path, errno: errno)
    }
    try makeFolders(String(path[..<slash]))
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw notWritable(path, errno: errno) }
  }

  private static func notWritable(_ path: String, errno: CInt) -> LaunchError {
    LaunchError(
      "cannot write \(path): \(errorText(errno)). Choose another folder with --output-dir or --run-dir.",
      exitCode: .inputOutput)
  }

  private static func openLock(_ path: String) throws(LaunchError) -> Descriptor {
    // A link would have whatever it points at emptied; a pipe would be waited for.
    let number = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o644)
    guard number >= 0 else { throw notWritable(path, errno: errno) }
    return try Descriptor(number, from: "open \(path)")
  }

  private static func acquire(
    _ lock: borrowing Descriptor, of path: String, owner: String
  ) throws(LaunchError) {
    // A file system without locks, as some network ones, is no reason not to train.
    guard flock(lock.number, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
      throw LaunchError(
        "another launcher is using \(path) (\(text(of: lock))). Stop it, or choose another --output-dir.",
        exitCode: .badConfiguration)
    }
    ftruncate(lock.number, 0)
    _ = owner.withCString { pwrite(lock.number, $0, strlen($0), 0) }
  }

  private static func text(of file: borrowing Descriptor) -> String {
    var bytes = [UInt8](repeating: 0, count: 200)
    let count = pread(file.number, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
