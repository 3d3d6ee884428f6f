import Glibc

/// A file's bytes, mapped for reading.
struct MappedFile: ~Copyable {
  let bytes: UnsafeRawBufferPointer

  init(path: String) throws(CheckpointError) {
    let descriptor = try Disk().open(path, O_RDONLY)
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw CheckpointError.system(operation: "read", path: path, errno: errno)
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw CheckpointError.system(operation: "read", path: path, errno: EISDIR)
    }
    bytes = try Self.map(descriptor, count: Int(status.st_size), path: path)
  }

  deinit {
    guard let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress) else { return }
    munmap(start, bytes.count)
  }

  private static func map(
    _ descriptor: CInt, count: Int, path: String
  ) throws(CheckpointError) -> UnsafeRawBufferPointer {
    guard count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
      throw .system(operation: "map", path: path, errno: errno)
    }
    return UnsafeRawBufferPointer(start: start, count: count)
  }
}
