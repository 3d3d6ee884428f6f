import Foundation
import System
import SystemPackage

/// A file that is added to for as long as a run takes, and begun again where somebody removes or moves it meanwhile.
struct OutputFile: ~Copyable {
  let path: String
  private var file: RegularFile

  /// Opens a file to add to; throws where that fails, and for what is no file.
  init(addingTo path: String) throws(SystemError) {
    self.path = path
    file = try RegularFile(addingTo: FilePath(path))
  }

  /// Writes the bytes; how many it could, and the errno of what kept the rest.
  func write(_ bytes: [UInt8]) -> (count: Int, failure: Int32?) {
    bytes.withUnsafeBytes { writeAll($0, to: file.descriptor) }
  }

  /// Whether a reader of the path finds what is written.
  var isInPlace: Bool {
    var (own, found) = (stat(), stat())
    guard fstat(file.descriptor, &own) == 0, stat(path, &found) == 0 else { return false }
    return (own.st_dev, own.st_ino) == (found.st_dev, found.st_ino)
  }

  /// Makes the file again, and the folders above it; 0, or why that fails.
  ///
  /// What a removed file held is still to be had, and is put into the new one. A moved one has kept it.
  mutating func beginAgain() -> Int32 {
    guard Folders.make(Folders.parent(of: path)) else { return errno }
    do throws(SystemError) {
      let next = try RegularFile(addingTo: FilePath(path))
      var status = stat()
      if fstat(file.descriptor, &status) == 0, status.st_nlink == 0 {
        try copy(Int(status.st_size), to: next)
      }
      file = next
      return 0
    } catch {
      return error.errno
    }
  }

  private func copy(_ count: Int, to next: borrowing RegularFile) throws(SystemError) {
    var offset = 0
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    while offset < count {
      let got = pread(file.descriptor, &bytes, bytes.count, off_t(offset))
      guard got > 0 else { return }
      try next.write(Array(bytes.prefix(got)))
      offset += got
    }
  }
}
