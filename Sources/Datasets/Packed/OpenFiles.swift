import System
import SystemPackage

/// Numbered files that many threads read in parts; the most recent ones stay open.
final class OpenFiles: Sendable {
  private let open = Monitor<[UInt32: File]>([:])

  /// The most files kept open; a file being read when it is dropped stays open until that is done.
  private static let mostOpen = 128

  /// A file that closes with its last reader.
  final class File: Sendable {
    let file: RegularFile

    init(_ path: FilePath) throws(SystemError) {
      file = try RegularFile(path)
    }

    init(addingTo path: FilePath) throws(SystemError) {
      file = try RegularFile(addingTo: path)
    }

    /// Reads `count` bytes, or as many as exist from there on.
    func bytes(from offset: Int, count: Int) throws(SystemError) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      // A typed error cannot pass through `withUnsafeMutableBytes`.
      let result = bytes.withUnsafeMutableBytes { buffer in
        Result { () throws(SystemError) in try file.read(into: buffer, at: offset) }
      }
      return Array(bytes.prefix(try result.get()))
    }
  }

  /// Returns the file of a number, opening it at `path` if it is not open.
  func file(_ number: UInt32, at path: @autoclosure () -> FilePath) throws(SystemError) -> File {
    if let file = open.withLock({ $0[number] }) { return file }
    let file = try File(path())
    open.withLock { open in
      if open.count >= Self.mostOpen { open = [:] }
      open[number] = file
    }
    return file
  }
}
