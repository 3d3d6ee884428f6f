import Glibc
import Recipe
import System

/// The lock of a folder, held by one process as long as the value lives.
///
/// The file names the holder for people; what counts is flock(2), which ends with the process. A file system
/// without locks does not prevent training.
package struct FolderLock: ~Copyable {
  private let file: Descriptor

  /// Takes the lock of an existing folder.
  ///
  /// - Parameters:
  /// - path: The lock's file, made if necessary.
  /// - folder: The folder, for messages.
  /// - owner: The owner in a few words; the time is added.
  /// - flag: The flag that chooses another folder.
  package init(_ path: String, of folder: String, owner: String, movedBy flag: String) throws(OutputError) {
    file = try Self.taken(path, O_CREAT, of: folder, movedBy: flag)
    ftruncate(file.number, 0)
    let text = "\(owner), since \(Self.now)"
    _ = text.withCString { pwrite(file.number, $0, strlen($0), 0) }
  }

  /// Throws if another process holds the lock; changes nothing.
  package static func requireFree(
    _ path: String, of folder: String, movedBy flag: String
  ) throws(OutputError) {
    guard access(path, F_OK) == 0 else { return }
    _ = try taken(path, 0, of: folder, movedBy: flag)
  }

  /// The lock's holder and since when, as recorded in the file; nil if nobody holds it or recorded it.
  package static func holder(_ path: String) -> String? {
    guard let file = Descriptor(open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) else { return nil }
    return take(file) ? nil : said(in: file)
  }

  /// Whether the process named in a lock's file holds the lock according to the kernel's list, without
  /// interfering with others that take it.
  ///
  /// False if the process is on another host.
  package static func isHeld(_ path: String) -> Bool {
    var status = stat()
    guard lstat(path, &status) == 0, let text = ProcFS.text(path),
      let locks = ProcFS.text("/proc/locks", atMost: 4 << 20),
      let name = text.firstRange(of: "pid ")
    else { return false }
    let holder = text[name.upperBound...].prefix { $0.isNumber }
    return locks.split(separator: "\n").contains { line in
      let words = line.split(separator: " ")
      return words.contains("FLOCK") && words.contains(holder)
        && words.contains { $0.hasSuffix(":\(status.st_ino)") }
    }
  }

  /// Whether this is the lock of that file.
  package func isLock(_ path: String) -> Bool { Self.isSame(file.number, path) }

  private static func isSame(_ descriptor: CInt, _ path: String) -> Bool {
    var (own, found) = (stat(), stat())
    guard fstat(descriptor, &own) == 0, lstat(path, &found) == 0 else { return false }
    return (own.st_dev, own.st_ino) == (found.st_dev, found.st_ino)
  }
}

extension FolderLock {
  private static func taken(
    _ path: String, _ flags: CInt, of folder: String, movedBy flag: String
  ) throws(OutputError) -> Descriptor {
    // O_NOFOLLOW, since a link's target would be emptied; O_NONBLOCK, since opening a pipe would wait.
    let opened = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0o666)
    guard let file = Descriptor(opened) else { throw .unwritable(path, movedBy: flag) }
    if take(file) { return file }
    throw OutputError(
      "another run is writing to \(folder)\(said(in: file).map { " (\($0))" } ?? ""). "
        + "Stop it, or choose another \(flag).", exitStatus: .badConfiguration)
  }

  private static func take(_ file: borrowing Descriptor) -> Bool {
    flock(file.number, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
  }

  private static func said(in file: borrowing Descriptor) -> String? {
    var bytes = [UInt8](repeating: 0, count: 200)
    let count = pread(file.number, &bytes, bytes.count, 0)
    return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
  }

  /// Local date and time.
  private static var now: String {
    var now = time(nil)
    var local = tm()
    localtime_r(&now, &local)
    var buffer = [CChar](repeating: 0, count: 32)
    let count = strftime(&buffer, buffer.count, "%Y-%m-%d %H:%M:%S", &local)
    return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
