import System
import SystemPackage

extension ByteBuffer {
  /// The content of the file at `path`, valid until the next call; what may pass is tried again after a pause.
  func contents(
    of path: String, _ patience: Patience = Patience()
  ) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    do throws(SystemError) {
      return try patience.keepTrying { () throws(SystemError) in
        try patience.interrupt(path)
        return try self.content(of: FilePath(path))
      }
    } catch {
      throw error.isTransient
        ? .unavailable(path: path, reason: error.reason) : .unreadable(path: path, reason: error.reason)
    }
  }

  // Fewer bytes than the file had where it shrank meanwhile.
  private func content(of path: FilePath) throws(SystemError) -> UnsafeBufferPointer<UInt8> {
    let file = try RegularFile(path)
    let bytes = reserve(file.size)
    let count = try file.read(into: UnsafeMutableRawBufferPointer(bytes))
    return UnsafeBufferPointer(rebasing: bytes[..<count])
  }
}
