import Glibc
import System
import SystemPackage

/// A split's images inside archives and files, to be packed directly from there.
struct ImportedParts: ImageStore {
  /// Where an image lies.
  struct Part: BitwiseCopyable, Sendable {
    var file: UInt32
    var offset: Int
    var size: Int
  }

  /// The number of the temporary file, for images whose bytes no other file contains as they are.
  static let kept = UInt32.max

  private let parts: Column<Part>
  private let bytes: ImportedBytes

  init(_ parts: Column<Part>, _ bytes: ImportedBytes) { (self.parts, self.bytes) = (parts, bytes) }

  func path(of index: Int, _ name: ImageName) -> FilePath {
    bytes.path(of: parts[index].file).appending(bytes: name.bytes)
  }

  func contents(
    of index: Int, _ name: ImageName, in memory: FileMemory
  ) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    let part = parts[index]
    let buffer = memory.bytes.reserve(part.size)
    let count: Int
    do throws(SystemError) {
      count = try memory.retries.keepTrying { () throws(SystemError) in
        try bytes.file(part.file).file.read(into: UnsafeMutableRawBufferPointer(buffer), at: part.offset)
      }
    } catch {
      throw .unreadable(error)
    }
    guard count == part.size else {
      throw .damagedImage(
        path: path(of: index, name), reason: "the file that it lies in has become shorter")
    }
    return UnsafeBufferPointer(buffer)
  }

  func willRead(_ indices: [Int]) {}
}

/// The files that contain an import's images.
final class ImportedBytes: Sendable {
  private let files: [FilePath]
  private let open: OpenFiles
  private let kept: KeptBytes?

  init(_ files: [FilePath], _ open: OpenFiles, _ kept: KeptBytes?) {
    (self.files, self.open, self.kept) = (files, open, kept)
  }

  func path(of number: UInt32) -> FilePath {
    number == ImportedParts.kept ? kept?.file.file.path ?? "" : files[Int(number)]
  }

  func file(_ number: UInt32) throws(SystemError) -> OpenFiles.File {
    if number == ImportedParts.kept, let kept { return kept.file }
    return try open.file(number, at: files[Int(number)])
  }
}

/// A temporary file without a name, which disappears with the process.
struct KeptBytes: Sendable {
  let file: OpenFiles.File
  /// The number of bytes in the file.
  private(set) var count = 0

  init(in folder: FilePath) throws(DataError) {
    let path = folder.appending(".import.unfinished")
    path.withPlatformString { _ = unlink($0) }
    do throws(SystemError) { file = try OpenFiles.File(addingTo: path) } catch { throw .unwritable(error) }
    path.withPlatformString { _ = unlink($0) }
  }

  mutating func append(_ bytes: [UInt8]) throws(DataError) {
    do throws(SystemError) { try file.file.write(bytes) } catch { throw .unwritable(error) }
    count += bytes.count
  }
}
