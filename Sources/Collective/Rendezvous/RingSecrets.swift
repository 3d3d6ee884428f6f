internal import Glibc
internal import System
internal import Wire

/// The secrets with which the ranks of one run authenticate each other over TCP, as files in the run's
/// private folder.
///
/// The launcher writes them before any worker starts. Ranks use the run's shared secret on loopback, and the
/// keys beyond it. For workers on other hosts, an operator copies the files.
public enum RingSecrets {
  /// Why the files cannot be written or used; names the file.
  public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// What happened to which file, and what to do.
    public let description: String
  }

  /// Writes the secrets of a run of `size` ranks, as new files of mode 0600.
  ///
  /// - Throws: ``Failure`` when the folder is open to others, or already holds secrets.
  public static func write(to directory: String, size: Int) throws(Failure) {
    do {
      try SocketPathLock.checkPrivate(directory: directory)
      try PrivateFile.create(path(secretName, in: directory), randomText())
      var publicKeys: [String] = []
      for rank in 0..<size {
        let keys = try KeyPair()
        try PrivateFile.create(path(keyName(rank), in: directory), keys.secretText)
        publicKeys.append(keys.publicKey.text)
      }
      try PrivateFile.create(path(listName, in: directory), publicKeys.joined(separator: "\n"))
    } catch let refusal as SocketPathLock.Refusal {
      throw Failure(description: refusal.detail)
    } catch let refusal as PrivateFile.Refusal {
      throw Failure(description: refusal.detail)
    } catch {
      throw Failure(description: "\(error)")
    }
  }

  /// Whether a file of that name in a rendezvous's folder holds secrets of some rank or of the run.
  static func isName(_ name: String) -> Bool {
    [secretName, listName].contains(name) || name.hasPrefix(keyPrefix)
  }

  private static let keyPrefix = "key-"
  private static let secretName = "secret"
  private static let listName = "public-keys"
  private static func keyName(_ rank: Int) -> String { "\(keyPrefix)\(rank)" }
  private static func path(_ name: String, in directory: String) -> String { "\(directory)/\(name)" }

  /// Returns 256 random bits as hexadecimal digits, which every authentication mechanism can carry.
  static func randomText() -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    guard getentropy(&bytes, bytes.count) == 0 else { fatalError("the kernel gives no random numbers") }
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}

extension RingSecrets {
  /// The secret of the whole run.
  static func shared(in directory: String) throws(PrivateFile.Refusal) -> String {
    let path = path(secretName, in: directory)
    let text = try content(of: path)
    guard text.utf8.count == randomText().utf8.count else { throw damaged(path) }
    return text
  }

  /// Returns a rank's own keys and its neighbours' public ones.
  static func keys(
    of rank: Int, size: Int, in directory: String
  ) throws(PrivateFile.Refusal) -> (own: KeyPair, previous: PublicKey, next: PublicKey) {
    let ownPath = path(keyName(rank), in: directory)
    let listPath = path(listName, in: directory)
    guard let own = KeyPair(secretText: try content(of: ownPath)) else { throw damaged(ownPath) }
    let list = try content(of: listPath).split(separator: "\n").compactMap { PublicKey(String($0)) }
    guard list.count == size else { throw damaged(listPath) }
    guard list[rank] == own.publicKey else {
      throw PrivateFile.Refusal(
        detail: "\(ownPath) is not the key that \(listPath) names for rank \(rank): "
          + "the files are of two runs; write both anew")
    }
    return (own, list[(rank - 1).modulo(size)], list[(rank + 1).modulo(size)])
  }

  private static func content(of path: String) throws(PrivateFile.Refusal) -> String {
    guard let text = try PrivateFile.read(path) else {
      throw PrivateFile.Refusal(
        detail:
          "\(path) is missing: the launcher writes it before it starts the workers; start them through it")
    }
    return text
  }

  private static func damaged(_ path: String) -> PrivateFile.Refusal {
    PrivateFile.Refusal(
      detail: "\(path) does not hold what the launcher writes for this run; remove it and start again")
  }
}

/// Small files that only their owner can read.
enum PrivateFile {
  /// Why a file cannot be made or trusted; names it.
  struct Refusal: Error { let detail: String }

  /// Makes a new file of mode 0600.
  static func create(_ path: String, _ text: String) throws(Refusal) {
    let opened = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard let file = Descriptor(opened) else { throw Refusal("cannot create", path, errno) }
    // The process's umask may have removed bits.
    guard fchmod(file.number, 0o600) == 0 else { throw Refusal("cannot set the mode of", path, errno) }
    let failure = Array(text.utf8).withUnsafeBytes { writeAll($0, to: file.number).failure }
    if let failure { throw Refusal("cannot write", path, failure) }
  }

  /// Makes or replaces a file atomically: a reader sees all of it or none. Only one process may do so at a
  /// time.
  static func replace(_ path: String, with text: String) throws(Refusal) {
    let draft = path + ".new"
    unlink(draft)
    try create(draft, text)
    guard rename(draft, path) == 0 else { throw Refusal("cannot rename \(draft) to", path, errno) }
  }

  /// Returns the content of a file that no other user can have read or written; nil if there is none.
  static func read(_ path: String, limit: Int = 65_536) throws(Refusal) -> String? {
    guard let file = Descriptor(open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) else {
      if errno == ENOENT { return nil }
      throw Refusal("cannot open", path, errno)
    }
    try check(file.number, path, limit)
    var bytes = [UInt8](repeating: 0, count: limit)
    let (count, failure) = bytes.withUnsafeMutableBytes { readAll(into: $0, from: file.number) }
    if let failure { throw Refusal("cannot read", path, failure) }
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
    self.init(detail: "\(what) \(path): \(errorText(code))")
  }
}
