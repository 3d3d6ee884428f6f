import Glibc
public import SystemPackage

/// A regular file that is open for reading, or to be added to; it is closed with its owner.
///
/// Pipes, sockets and devices are refused and never waited for: whoever may put a name into a folder could otherwise
/// hang whoever reads it.
public struct RegularFile: ~Copyable, Sendable {
  /// Valid while this value is.
  public var descriptor: CInt { file.descriptor }
  /// Where it was opened.
  public let path: FilePath
  /// Bytes, when it was opened.
  public var size: Int { file.size }
  private let file: NamelessFile

  /// Throws with the system's reason; EISDIR for a folder and ENXIO for anything else that is no file.
  public init(_ path: FilePath) throws(SystemError) {
    try self.init(path, O_RDONLY)
  }

  /// Opens a file to read and to write to its end, and makes it where there is none; throws as for reading.
  public init(addingTo path: FilePath) throws(SystemError) {
    try self.init(path, O_RDWR | O_CREAT | O_APPEND)
  }

  private init(_ path: FilePath, _ flags: CInt) throws(SystemError) {
    self.path = path
    let opened = path.withPlatformString {
      NamelessFile.open(UnsafeRawBufferPointer(start: $0, count: strlen($0) + 1), flags)
    }
    do throws(FailedCall) {
      file = try NamelessFile(opened: opened)
    } catch {
      throw SystemError(error.operation, path, error.errno)
    }
  }

  /// Reads from the current place until `bytes` is full or the file ends; how many were read.
  public borrowing func read(into bytes: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    do throws(FailedCall) {
      return try file.read(into: bytes)
    } catch {
      throw SystemError(error.operation, path, error.errno)
    }
  }

  /// Reads from `offset` on, wherever the current place is, until `bytes` is full or the file ends; how many were read.
  public borrowing func read(
    into bytes: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(SystemError) -> Int {
    var count = 0
    while let start = bytes.baseAddress, count < bytes.count {
      let got = pread(descriptor, start + count, bytes.count - count, off_t(offset + count))
      if got == 0 { break }
      if got > 0 { count += got } else if errno != EINTR { throw SystemError("read", path) }
    }
    return count
  }

  /// Has the system begin to read a part into its cache.
  public borrowing func willRead(at offset: Int, count: Int) {
    posix_fadvise(descriptor, off_t(offset), off_t(count), CInt(POSIX_FADV_WILLNEED))
  }

  /// Writes all bytes to the end of the file.
  public borrowing func write(_ bytes: [UInt8]) throws(SystemError) {
    let failure = bytes.withUnsafeBytes { writeAll($0, to: descriptor).failure }
    if let failure { throw SystemError("write", path, failure) }
  }
}

extension RegularFile {
  /// All bytes of a file; throws EFBIG where it has more than `most`, for which memory may be too small.
  public static func contents(of path: FilePath, atMost most: Int = 2 << 30) throws(SystemError) -> [UInt8] {
    let file = try RegularFile(path)
    guard file.size <= most else { throw SystemError("read", path, EFBIG) }
    return try file.contents()
  }

  private borrowing func contents() throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      do throws(SystemError) {
        count = try read(into: UnsafeMutableRawBufferPointer(buffer))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }
}

/// What lies in the place of a file that was never fetched, told by its first bytes.
public enum StandIn: Equatable, Sendable {
  /// The note that Git LFS keeps in the file's place.
  case lfsPointer
  /// A page that a web site sent instead of the file.
  case webPage

  /// Nil for anything else.
  public init?(_ bytes: some Collection<UInt8>) {
    let start = bytes.prefix(512)
    if start.starts(with: "version https://git-lfs.github.com/spec/".utf8) {
      self = .lfsPointer
      return
    }
    let text = String(decoding: start, as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{feff}" }
    guard ["<!doctype html", "<html"].contains(where: text.lowercased().hasPrefix) else { return nil }
    self = .webPage
  }

  /// What it is, and how the file is had.
  ///
  /// - Parameter path: Where it lies.
  public func description(at path: FilePath) -> String {
    switch self {
    case .lfsPointer:
      "it is Git LFS's pointer to a file and not the file. Fetch that where the repository lies: git lfs pull"
    case .webPage:
      "it is a web page and not the file: perhaps the address was a page's, or asked for a login. "
        + "See what it says: head -c 500 \(path.quoted)"
    }
  }
}

/// The byte that ends a line.
public let newline = UInt8(ascii: "\n")
