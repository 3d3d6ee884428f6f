import Glibc
public import SystemPackage

/// A system call that failed: which, on what, and the errno as it was right after the call.
public struct SystemError: Error, Equatable, Sendable {
  /// What was being done, as the verb of a sentence: "open", "read".
  public let operation: String
  /// The file or folder it was done to.
  public let path: FilePath
  /// The call's errno.
  public let errno: CInt

  /// Takes errno now, so that nothing may come between the call that failed and this.
  public init(_ operation: String, _ path: FilePath) {
    self.init(operation, path, Glibc.errno)
  }

  /// With an errno that was kept.
  public init(_ operation: String, _ path: FilePath, _ errno: CInt) {
    self.operation = operation
    self.path = path
    self.errno = errno
  }

  /// The system's words for the errno; ENXIO, which is "No such device or address" there, is a file's that is none.
  public var reason: String {
    errno == ENXIO ? "it is a pipe, a socket or a device, and no file" : errorText(errno)
  }

  /// Whether the same call may well succeed a moment later: a server that is away, a table that is full.
  public var isTransient: Bool {
    switch errno {
    case ESTALE, EIO, ETIMEDOUT, EAGAIN, ENFILE, EMFILE, ENOMEM, ENOBUFS, EINTR, EBUSY, EHOSTDOWN,
      EHOSTUNREACH,
      ENETDOWN, ENETUNREACH, ECONNRESET, ENOTCONN, EREMOTEIO, ESHUTDOWN:
      true
    default: false
    }
  }
}

extension SystemError: CustomStringConvertible {
  /// `cannot open a/b.jpg: Stale file handle`
  public var description: String { "cannot \(operation) \(path.masked): \(reason)" }
}

/// The operating system's words for an errno.
public func errorText(_ number: CInt) -> String { String(cString: strerror(number)) }
