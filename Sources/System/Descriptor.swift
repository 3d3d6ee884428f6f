import Glibc

/// A file descriptor with a single owner, closed when the owner lets go of it.
public struct Descriptor: ~Copyable, Sendable {
  /// Valid as long as this value exists.
  public let number: CInt

  /// Takes over the result of a system call; nil, with the call's errno, if that failed.
  public init?(_ number: CInt) {
    guard number >= 0 else { return nil }
    self.number = number
  }

  /// Takes over an open descriptor.
  public init(owning number: CInt) {
    self.number = number
  }

  deinit { close(number) }
}

/// Writes bytes until all are written or a write fails; interruptions are retried.
///
/// - Returns: How many were written, and the errno if not all were; otherwise nil.
@discardableResult
public func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) -> (count: Int, failure: CInt?) {
  var count = 0
  while count < bytes.count {
    let taken = write(descriptor, bytes.baseAddress?.advanced(by: count), bytes.count - count)
    if taken > 0 {
      count += taken
    } else if taken == 0 {
      // A write of nothing without an error, which would repeat forever.
      return (count, ENOSPC)
    } else if errno != EINTR {
      return (count, errno)
    }
  }
  return (count, nil)
}

/// Reads until `bytes` is full or the end is reached.
///
/// - Returns: How many were read, and the errno of a failure; otherwise nil.
public func readAll(
  into bytes: UnsafeMutableRawBufferPointer, from descriptor: CInt
) -> (count: Int, failure: CInt?) {
  var count = 0
  while let start = bytes.baseAddress, count < bytes.count {
    let got = read(descriptor, start + count, bytes.count - count)
    if got == 0 { break }
    if got > 0 { count += got } else if errno != EINTR { return (count, errno) }
  }
  return (count, nil)
}
