import Glibc
import System
import SystemPackage

/// A file that gets its name once it is completely on disk; otherwise nothing remains.
final class NewFile {
  private let file: RegularFile
  private let path: FilePath
  private var isNamed = false

  init(_ path: FilePath) throws(DataError) {
    let unfinished = Self.unfinished(path)
    unfinished.withPlatformString { _ = unlink($0) }
    self.path = path
    do throws(SystemError) {
      file = try RegularFile(addingTo: unfinished)
    } catch {
      throw .unwritable(SystemError("write", path, error.errno))
    }
  }

  // An unfinished file would keep taking room on a full disk.
  deinit { if !isNamed { Self.discard(path) } }

  func write(_ bytes: [UInt8]) throws(DataError) {
    if let failure = bytes.withUnsafeBytes({ failure(of: $0) }) { throw failure }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(DataError) {
    if let failure = failure(of: bytes) { throw failure }
  }

  private func failure(of bytes: UnsafeRawBufferPointer) -> DataError? {
    writeAll(bytes, to: file.descriptor).failure.map { .unwritable(SystemError("write", path, $0)) }
  }

  /// Removes an unfinished file.
  private static func discard(_ path: FilePath) {
    unfinished(path).withPlatformString { _ = unlink($0) }
  }

  /// Gives the file its name.
  ///
  /// - Parameter syncing: Whether to wait for the disk; a file that may be lost to a power failure need not.
  func finish(syncing: Bool = true) throws(DataError) {
    guard !syncing || fsync(file.descriptor) == 0 else { throw .unwritable(SystemError("write", path)) }
    try Self.name(path)
    isNamed = true
  }

  /// Makes `path` a link to a file atomically, replacing what had that name.
  static func link(_ path: FilePath, to target: FilePath) throws(DataError) {
    discard(path)
    _ = try FileLink.make(unfinished(path), to: target)
    try name(path)
  }

  private static func name(_ path: FilePath) throws(DataError) {
    let isNamed = unfinished(path).withPlatformString { old in
      path.withPlatformString { rename(old, $0) == 0 }
    }
    guard isNamed else {
      let failure = SystemError("write", path)
      discard(path)
      throw .unwritable(failure)
    }
  }

  // File systems allow 255 bytes; a name that is too long is replaced by its checksum.
  private static let longestName = 240

  private static func unfinished(_ path: FilePath) -> FilePath {
    var name = path.lastComponent.map { FilePath(root: nil, [$0]).bytes } ?? []
    if name.count > longestName { name = Array(String(fnv1a(name), radix: 16).utf8) }
    return path.removingLastComponent().appending(
      bytes: [UInt8(ascii: ".")] + name + Array(".unfinished".utf8))
  }
}
