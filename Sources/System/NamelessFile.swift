import Glibc

/// A regular file that is open and keeps no path, which for a million files would have to be made a million times.
public struct NamelessFile: ~Copyable, Sendable {
  /// Valid while this value is.
  public var descriptor: CInt { file.number }
  /// Bytes, when it was opened.
  public let size: Int
  private let file: Descriptor

  /// Takes over what `open` returned; throws EISDIR for a folder and ENXIO for anything else that is no file.
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

  /// The system's call, of a name that ends with a zero.
  public static func open(_ name: UnsafeRawBufferPointer, _ flags: CInt) -> CInt {
    // Without O_NONBLOCK the opening of a pipe waits for its other end.
    guard let start = name.assumingMemoryBound(to: CChar.self).baseAddress else { return -1 }
    return Glibc.open(start, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o666)
  }

  /// Reads from the current place until `bytes` is full or the file ends; how many were read.
  public borrowing func read(into bytes: UnsafeMutableRawBufferPointer) throws(FailedCall) -> Int {
    let (count, failure) = readAll(into: bytes, from: descriptor)
    if let failure { throw FailedCall("read", failure) }
    return count
  }
}

/// A system call that failed, without the path that a ``SystemError`` has.
public struct FailedCall: Error {
  /// What was being done, as the verb of a sentence.
  public let operation: String
  /// The call's errno.
  public let errno: CInt

  /// Takes errno now, so that nothing may come between the call that failed and this.
  public init(_ operation: String) { self.init(operation, Glibc.errno) }

  /// With an errno that was kept.
  public init(_ operation: String, _ errno: CInt) { (self.operation, self.errno) = (operation, errno) }
}
