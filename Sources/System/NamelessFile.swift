import Glibc

/// An open regular file without its path, which would be costly to make for a million files.
public struct NamelessFile: ~Copyable, Sendable {
  /// Valid as long as this value exists.
  public var descriptor: CInt { file.number }
  /// The size in bytes when it was opened.
  public let size: Int
  private let file: Descriptor

  /// Takes over the result of `open`; throws EISDIR for a folder and ENXIO for anything else that is no
  /// regular file.
  public init(opened: CInt) throws(FailedCall) {
    guard let file = Descriptor(opened) else { throw FailedCall("open") }
    var status = stat()
    guard fstat(file.number, &status) == 0 else { throw FailedCall("open") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FailedCall("open", status.st_mode & S_IFMT == S_IFDIR ? EISDIR : ENXIO)
    }
    self.file = file
    size = Int(status.st_size)
  }

  /// Calls open(2) with a zero-terminated name.
  public static func open(_ name: UnsafeRawBufferPointer, _ flags: CInt) -> CInt {
    // Without O_NONBLOCK, opening a pipe would wait for its other end.
    guard let start = name.assumingMemoryBound(to: CChar.self).baseAddress else { return -1 }
    return Glibc.open(start, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o666)
  }

  /// Reads from the current position until `bytes` is full or the file ends; returns how many were read.
  public borrowing func read(into bytes: UnsafeMutableRawBufferPointer) throws(FailedCall) -> Int {
    let (count, failure) = readAll(into: bytes, from: descriptor)
    if let failure { throw FailedCall("read", failure) }
    return count
  }
}

/// A failed system call, without the path of a ``SystemError``.
public struct FailedCall: Error {
  /// What was being done, as a verb.
  public let operation: String
  /// The call's errno.
  public let errno: CInt

  /// Takes the current errno, so it must directly follow the failed call.
  public init(_ operation: String) { self.init(operation, Glibc.errno) }

  /// Makes an error with an errno that was saved.
  public init(_ operation: String, _ errno: CInt) { (self.operation, self.errno) = (operation, errno) }
}
