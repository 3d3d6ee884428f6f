import Glibc
import System
import SystemPackage

/// A file's bytes, mapped for reading.
struct MappedFile: ~Copyable {
  let bytes: UnsafeRawBufferPointer

  /// Maps a regular file; a pipe, a device or one of more than `limit` bytes is refused and not read.
  init(path: String, atMost limit: Int = .max) throws(CheckpointError) {
    do throws(SystemError) {
      let file = try RegularFile(FilePath(path))
      bytes = try Self.map(file, limit)
    } catch {
      throw CheckpointError(error, path: path, atMost: limit)
    }
  }

  deinit {
    guard let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress) else { return }
    munmap(start, bytes.count)
  }

  private static func map(
    _ file: borrowing RegularFile, _ limit: Int
  ) throws(SystemError) -> UnsafeRawBufferPointer {
    guard file.size > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    guard file.size <= limit else { throw SystemError("read", file.path, EFBIG) }
    guard let start = mmap(nil, file.size, PROT_READ, MAP_PRIVATE, file.descriptor, 0), start != MAP_FAILED
    else { throw SystemError("map", file.path) }
    return UnsafeRawBufferPointer(start: start, count: file.size)
  }
}

extension CheckpointError {
  fileprivate init(_ error: SystemError, path: String, atMost limit: Int) {
    switch (error.operation, error.errno) {
    case ("open", ENXIO):
      self = .badFile(path: path, reason: error.reason)
    case ("read", EFBIG):
      self = .badFile(path: path, reason: "it has more than \(limit) bytes, which nothing of its kind needs")
    default: self = .system(operation: error.operation, path: path, errno: error.errno)
    }
  }
}
