import System
import SystemPackage

/// Numbered files that are read in parts by many threads, of which the last few stay open.
final class OpenFiles: Sendable {
  private let open = Monitor<[UInt32: File]>([:])

  /// So many are open at once; one that is read when the last of them are closed stays open for as long.
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

    /// So many bytes, or as many as there are from there on.
    func bytes(from offset: Int, count: Int) throws(SystemError) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      // Through `withUnsafeMutableBytes`, a typed error would be lost.
      let result = bytes.withUnsafeMutableBytes { buffer in
        Result { () throws(SystemError) in try file.read(into: buffer, at: offset) }
      }
      return Array(bytes.prefix(try result.get()))
    }
  }

  /// The file of a number, which is opened at `path` where it is not open.
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
