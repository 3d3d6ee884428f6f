import CImage
import System
import SystemPackage

/// A file read once from start to end, decompressed if it is gzip.
final class ArchiveStream {
  let path: FilePath
  /// The position of the next byte in the decompressed data.
  private(set) var position = 0
  /// The number of bytes; nil for a compressed file, where only the end tells.
  let size: Int?
  private let file: OpenFiles.File
  private let stream: OpaquePointer

  /// Throws if the file does not exist.
  init(_ path: FilePath) throws(DataError) {
    self.path = path
    do throws(SystemError) {
      file = try OpenFiles.File(path)
      guard let stream = path.withPlatformString({ ci_stream_open($0) }) else {
        throw SystemError("open", path)
      }
      self.stream = stream
      size = ci_stream_is_plain(stream) != 0 ? file.file.size : nil
    } catch {
      throw .unreadable(error)
    }
  }

  /// Opens a file whose content must only be used if all of it is intact: a compressed one, with its checksum
  /// at the end, is first read to the end.
  ///
  /// Images from a damaged file could have the right size or another class, and would be accepted.
  convenience init(checking path: FilePath, _ say: (String) -> Void = { _ in }) throws(DataError) {
    let once = try ArchiveStream(path)
    if !once.isPlain {
      say("\(masked(path.lastComponent?.string ?? "")): reading it through, since its checksum comes last")
    }
    try once.requireSound()
    try self.init(path)
  }

  deinit { ci_stream_close(stream) }

  /// Reads the next `count` bytes; throws if fewer are left.
  func read(_ count: Int) throws(DataError) -> [UInt8] {
    let bytes = try readUpTo(count)
    guard bytes.count == count else {
      throw failure("it ends \(counted(count - bytes.count, "byte")) too early")
    }
    return bytes
  }

  /// Reads everything left; throws for more than `most` bytes.
  func rest(most: Int) throws(DataError) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let piece = try readUpTo(Self.piece)
      bytes += piece
      guard bytes.count <= most else { throw failure("it has more than \(most) bytes") }
      if piece.count < Self.piece { return bytes }
    }
  }

  /// Whether the file is not compressed.
  var isPlain: Bool { size != nil }

  /// Throws if a compressed file is truncated or has another checksum than its end says.
  func requireSound() throws(DataError) {
    guard !isPlain else { return }
    // In small pieces, so that the reported position is close to the damage.
    while try readUpTo(Self.checked).count == Self.checked {}
  }

  /// Reads bytes of an uncompressed file, independently of the stream's position.
  func bytes(from offset: Int, count: Int) throws(DataError) -> [UInt8] {
    precondition(isPlain, "\(path) is compressed, and read forwards")
    let bytes: [UInt8]
    do throws(SystemError) { bytes = try file.bytes(from: offset, count: count) } catch {
      throw .unreadable(error)
    }
    guard bytes.count == count else {
      throw self.failure(
        "it ends \(counted(count - bytes.count, "byte")) too early", at: offset + bytes.count)
    }
    return bytes
  }

  // Memory grows with what arrives, since the size of compressed data is unknown.
  private static let (piece, checked) = (1 << 22, 1 << 16)

  private func readUpTo(_ count: Int) throws(DataError) -> [UInt8] {
    var status: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      status = ci_stream_read(stream, buffer.baseAddress, count, &filled)
    }
    position += bytes.count
    guard status == 0 else { throw failure(CodecFailure.last.reason) }
    return bytes
  }

  /// Skips to `place`, which is not behind the current position.
  func skip(to place: Int) throws(DataError) {
    precondition(place >= position, "\(path) is read forwards, from \(position) to \(place)")
    if let size, place > size {
      throw failure("it ends \(counted(place - size, "byte")) too early", at: size)
    }
    guard ci_stream_skip(stream, place - position) == 0 else { throw failure(CodecFailure.last.reason) }
    position = place
  }

  /// The error of an archive that is damaged here, or at `place`.
  func failure(_ reason: String, at place: Int? = nil) -> DataError {
    .malformedArchive(path: path, offset: place ?? position, reason: reason)
  }

  /// The error of a member at `place` that cannot be used although the archive is intact.
  func refusal(_ reason: String, at place: Int) -> DataError {
    .unusableMember(path: path, offset: place, reason: reason)
  }
}
