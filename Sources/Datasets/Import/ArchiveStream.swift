import CImage
import System
import SystemPackage

/// A file that is read once, from its start to its end, and inflated where gzip made it.
final class ArchiveStream {
  let path: FilePath
  /// The place of the next byte among those that are read.
  private(set) var position = 0
  /// How many bytes there are; nil for a compressed file, of which only the end tells.
  let size: Int?
  private let file: OpenFiles.File
  private let stream: OpaquePointer

  /// Throws where there is no such file.
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

  /// Opens a file of which nothing is to be used unless all of it is whole: a compressed one, whose checksum comes at its end, is
  /// read through before.
  ///
  /// What had come of a damaged one might be there with the right size, or in another class, and would be taken for good.
  convenience init(checking path: FilePath, _ say: (String) -> Void = { _ in }) throws(DataError) {
    let once = try ArchiveStream(path)
    if !once.isPlain {
      say("\(masked(path.lastComponent?.string ?? "")): reading it through, since its checksum comes last")
    }
    try once.requireSound()
    try self.init(path)
  }

  deinit { ci_stream_close(stream) }

  /// The next `count` bytes; throws where fewer are left.
  func read(_ count: Int) throws(DataError) -> [UInt8] {
    let bytes = try readUpTo(count)
    guard bytes.count == count else {
      throw failure("it ends \(counted(count - bytes.count, "byte")) too early")
    }
    return bytes
  }

  /// All that is left; throws for more than `most` bytes.
  func rest(most: Int) throws(DataError) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let piece = try readUpTo(Self.piece)
      bytes += piece
      guard bytes.count <= most else { throw failure("it has more than \(most) bytes") }
      if piece.count < Self.piece { return bytes }
    }
  }

  /// Whether its bytes are in the file as they are.
  var isPlain: Bool { size != nil }

  /// Throws where a compressed file is cut off or has another checksum than its end says.
  func requireSound() throws(DataError) {
    guard !isPlain else { return }
    // In small pieces, so that the place that is said is near the damage.
    while try readUpTo(Self.checked).count == Self.checked {}
  }

  /// Bytes of a file that is not compressed, wherever the stream is.
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

  // Nobody knows how much a compressed file comes to, so that memory is taken as it comes.
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

  /// Goes on at `place`, which is not behind.
  func skip(to place: Int) throws(DataError) {
    precondition(place >= position, "\(path) is read forwards, from \(position) to \(place)")
    if let size, place > size {
      throw failure("it ends \(counted(place - size, "byte")) too early", at: size)
    }
    guard ci_stream_skip(stream, place - position) == 0 else { throw failure(CodecFailure.last.reason) }
    position = place
  }

  /// What is wrong with the archive here, or at `place`.
  func failure(_ reason: String, at place: Int? = nil) -> DataError {
    .malformedArchive(path: path, offset: place ?? position, reason: reason)
  }

  /// What of a whole archive, at `place`, is of no use.
  func refusal(_ reason: String, at place: Int) -> DataError {
    .unusableMember(path: path, offset: place, reason: reason)
  }
}
