import Glibc

/// A new file that is being written, front to back.
struct FileWriter: ~Copyable {
  let path: String
  private let disk: Disk
  private let descriptor: CInt
  /// Bytes written so far.
  private(set) var count = 0

  /// Creates the file; one that is there already is an error.
  init(creating path: String, on disk: Disk) throws(CheckpointError) {
    descriptor = try disk.open(path, O_WRONLY | O_CREAT | O_EXCL, for: .create)
    self.path = path
    self.disk = disk
  }

  deinit {
    close(descriptor)
  }

  /// Appends bytes.
  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest)
      let written = try disk.write(piece, to: descriptor, path: path)
      rest = rest.dropFirst(written)
      count += written
    }
  }

  /// Appends bytes.
  mutating func write(_ bytes: [UInt8]) throws(CheckpointError) {
    try bytes.withUnsafeBytes { buffer in
      Result { () throws(CheckpointError) in try write(buffer) }
    }.get()
  }

  /// Returns when the bytes are on the disk.
  func sync() throws(CheckpointError) {
    try disk.sync(descriptor, path: path)
  }
}
