import Glibc
public import System
import SystemPackage

/// A file's bytes, mapped for reading.
struct MappedFile: ~Copyable {
  /// Valid as long as this value exists.
  let bytes: UnsafeRawBufferPointer
  /// Nil for an empty file.
  private let memory: MappedMemory?

  /// Maps a regular file; pipes, devices and files of more than `limit` bytes are refused without reading.
  init(path: String, atMost limit: Int = .max) throws(CheckpointError) {
    do throws(SystemError) {
      let file = try RegularFile(FilePath(path))
      memory = try Self.map(file, limit)
      bytes = UnsafeRawBufferPointer(start: memory?.start, count: memory?.byteCount ?? 0)
    } catch {
      throw CheckpointError(error, path: path, atMost: limit)
    }
  }

  private static func map(_ file: borrowing RegularFile, _ limit: Int) throws(SystemError) -> MappedMemory? {
    guard file.size > 0 else { return nil }
    guard file.size <= limit else { throw SystemError("read", file.path, EFBIG) }
    let advice = "Another start takes what is there by then. See: ls -l \(file.path.quoted)"
    guard let memory = MappedMemory(reading: file, advice: advice) else {
      throw SystemError("map", file.path)
    }
    return memory
  }
}

/// The checksum of a regular file's content.
public func checksum(ofFile path: String) throws(CheckpointError) -> CRC32C {
  let file = try MappedFile(path: path)
  return CRC32C(of: file.bytes)
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
