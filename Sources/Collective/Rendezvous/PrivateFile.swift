internal import Glibc
internal import System

/// Small files for the eyes of one user.
enum PrivateFile {
  /// Why a file cannot be made or trusted; names it.
  struct Refusal: Error { let detail: String }

  /// Makes a file of mode 0600 that was not there before.
  static func create(_ path: String, _ text: String) throws(Refusal) {
    let opened = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard let file = Descriptor(opened) else { throw Refusal("cannot create", path, errno) }
    // Whatever the mask of the process is.
    guard fchmod(file.number, 0o600) == 0 else { throw Refusal("cannot set the mode of", path, errno) }
    let failure = Array(text.utf8).withUnsafeBytes { writeAll($0, to: file.number).failure }
    if let failure { throw Refusal("cannot write", path, failure) }
  }

  /// Makes or replaces a file, so that a reader sees all of it or nothing. One process at a time.
  static func replace(_ path: String, with text: String) throws(Refusal) {
    let draft = path + ".new"
    unlink(draft)
    try create(draft, text)
    guard rename(draft, path) == 0 else { throw Refusal("cannot rename \(draft) to", path, errno) }
  }

  /// The content of a file that nobody else can have read or written; nil when there is none.
  static func read(_ path: String, limit: Int = 65_536) throws(Refusal) -> String? {
    guard let file = Descriptor(open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) else {
      if errno == ENOENT { return nil }
      throw Refusal("cannot open", path, errno)
    }
    try check(file.number, path, limit)
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = Glibc.read(file.number, &bytes, limit)
    guard count >= 0 else { throw Refusal("cannot read", path, errno) }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  private static func check(_ descriptor: Int32, _ path: String, _ limit: Int) throws(Refusal) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Refusal("cannot examine", path, errno) }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit else {
      throw Refusal(detail: "\(path) is not a file of at most \(limit) bytes; remove it and start again")
    }
    guard status.st_uid == geteuid() else {
      throw Refusal(
        detail: "\(path) belongs to user \(status.st_uid), not to this process's user \(geteuid()); "
          + "somebody else may have made it: remove it and start again")
    }
    guard status.st_mode & 0o077 == 0 else {
      throw Refusal(
        detail: "\(path) is open to other users (mode \(String(status.st_mode & 0o777, radix: 8))); "
          + "its secrets may be known: remove it and start again with new ones")
    }
  }
}

extension PrivateFile.Refusal {
  fileprivate init(_ what: String, _ path: String, _ code: Int32) {
    self.init(detail: "\(what) \(path): \(String(cString: strerror(code)))")
  }
}
