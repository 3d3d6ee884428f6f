import Glibc
public import SystemPackage

/// A regular file open for reading or appending, closed with its owner.
///
/// Pipes, sockets and devices are refused without waiting: otherwise anyone who can put a name into a folder
/// could make its readers hang.
public struct RegularFile: ~Copyable, Sendable {
  /// Valid as long as this value exists.
  public var descriptor: CInt { file.descriptor }
  /// The path by which it was opened.
  public let path: FilePath
  /// The size in bytes when it was opened.
  public var size: Int { file.size }
  private let file: NamelessFile

  /// Opens a file for reading; throws EISDIR for a folder and ENXIO for anything else that is no regular
  /// file.
  public init(_ path: FilePath) throws(SystemError) {
    try self.init(path, O_RDONLY)
  }

  /// Opens a file for reading and appending, and makes it if necessary; throws as for reading.
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

  /// Reads from the current position until `bytes` is full or the file ends; returns how many were read.
  public borrowing func read(into bytes: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    do throws(FailedCall) {
      return try file.read(into: bytes)
    } catch {
      throw SystemError(error.operation, path, error.errno)
    }
  }

  /// Reads from `offset`, whatever the current position, until `bytes` is full or the file ends; returns how
  /// many were read.
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

  /// Asks the system to read a part into its cache.
  public borrowing func willRead(at offset: Int, count: Int) {
    posix_fadvise(descriptor, off_t(offset), off_t(count), CInt(POSIX_FADV_WILLNEED))
  }

  /// Appends all bytes to the file.
  public borrowing func write(_ bytes: [UInt8]) throws(SystemError) {
    let failure = bytes.withUnsafeBytes { writeAll($0, to: descriptor).failure }
    if let failure { throw SystemError("write", path, failure) }
  }
}

extension RegularFile {
  /// Reads a whole file; throws EFBIG if it has more than `most` bytes.
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

/// What replaces a file that was never fetched, recognised by its first bytes.
public enum StandIn: Equatable, Sendable {
  /// A Git LFS pointer.
  case lfsPointer
  /// A web page that a site sent instead of the file.
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

  /// What it is, and how to get the real file.
  ///
  /// - Parameter path: Its path.
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

/// The line feed byte.
public let newline = UInt8(ascii: "\n")
