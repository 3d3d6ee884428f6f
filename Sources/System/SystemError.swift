import Glibc
public import SystemPackage

/// A failed system call: what it did, to which path, and its errno.
public struct SystemError: Error, Equatable, Sendable {
  /// What was being done, as a verb: "open", "read".
  public let operation: String
  /// The file or folder.
  public let path: FilePath
  /// The call's errno.
  public let errno: CInt

  /// Takes the current errno, so it must directly follow the failed call.
  public init(_ operation: String, _ path: FilePath) {
    self.init(operation, path, Glibc.errno)
  }

  /// Makes an error with an errno that was saved.
  public init(_ operation: String, _ path: FilePath, _ errno: CInt) {
    self.operation = operation
    self.path = path
    self.errno = errno
  }

  /// The system's message for the errno; for ENXIO, "No such device or address", one that suits files.
  public var reason: String {
    errno == ENXIO ? "it is a pipe, a socket or a device, and no file" : errorText(errno)
  }

  /// Whether the same call may succeed a moment later, as when a server is unreachable or a table full.
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
