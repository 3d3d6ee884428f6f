import Glibc
public import SystemPackage

/// A regular file that is open for reading; it is closed with its owner.
///
/// Pipes, sockets and devices are refused and never waited for: whoever may put a name into a folder could otherwise
/// hang whoever reads it.
public struct RegularFile: ~Copyable {
  /// Valid while this value is.
  public let descriptor: CInt
  /// Where it was opened.
  public let path: FilePath
  /// Bytes, when it was opened.
  public let size: Int

  /// Throws with the system's reason; EISDIR for a folder and ENXIO for anything else that is no file.
  public init(_ path: FilePath) throws(SystemError) {
    self.path = path
    // Without O_NONBLOCK the opening of a pipe waits for its writer.
    let descriptor = path.withPlatformString { Glibc.open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
    guard descriptor >= 0 else { throw SystemError("open", path) }
    var status = stat()
    var failure: CInt = 0
    if fstat(descriptor, &status) != 0 {
      failure = errno
    } else if status.st_mode & S_IFMT != S_IFREG {
      failure = status.st_mode & S_IFMT == S_IFDIR ? EISDIR : ENXIO
    }
    guard failure == 0 else {
      close(descriptor)
      throw SystemError("open", path, failure)
    }
    self.descriptor = descriptor
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Reads from the current place until `bytes` is full or the file ends; how many were read.
  public borrowing func read(into bytes: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    var count = 0
    while let start = bytes.baseAddress, count < bytes.count {
      let got = Glibc.read(descriptor, start + count, bytes.count - count)
      if got == 0 { break }
      if got > 0 { count += got } else if errno != EINTR { throw SystemError("read", path) }
    }
    return count
  }
}
