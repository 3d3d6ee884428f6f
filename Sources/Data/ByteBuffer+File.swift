import Glibc

extension ByteBuffer {
  /// The content of the file at `path`, valid until the next call.
  func contents(of path: String) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Self.unreadable(path) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw Self.unreadable(path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path: path, reason: "not a regular file")
    }
    let bytes = reserve(Int(status.st_size))
    let count = try Self.fill(bytes, from: file, path: path)
    return UnsafeBufferPointer(rebasing: bytes[..<count])
  }

  // The number of bytes read: fewer than asked for where the file shrank meanwhile.
  private static func fill(
    _ bytes: UnsafeMutableBufferPointer<UInt8>, from file: CInt, path: String
  ) throws(DataError) -> Int {
    var count = 0
    while let start = bytes.baseAddress, count < bytes.count {
      let got = read(file, start + count, bytes.count - count)
      if got == 0 { break }
      if got > 0 { count += got } else if errno != EINTR { throw unreadable(path) }
    }
    return count
  }

  private static func unreadable(_ path: String) -> DataError {
    .unreadable(path: path, reason: String(cString: strerror(errno)))
  }
}
