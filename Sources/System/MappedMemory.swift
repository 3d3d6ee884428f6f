internal import CLinux
import Glibc

/// Pages mapped into this process, new or a file's, as long as the object lives.
///
/// Each initializer returns nil, with errno set, on failure; a file's descriptor may be closed afterwards.
public final class MappedMemory: Sendable {
  /// The first page's address.
  ///
  /// Safe: only the address is stored, and it never changes; the owner decides who may access the bytes.
  nonisolated(unsafe) public let start: UnsafeMutableRawPointer
  /// The size in bytes, at least 1.
  public let byteCount: Int
  /// The message if the file is truncated; nil for pages that cannot be lost.
  private let loss: Loss?

  /// Maps new zeros, which take memory only once they are touched.
  ///
  /// - Parameter isPromised: False if more may be requested than will ever exist.
  public convenience init?(zeros byteCount: Int, isPromised: Bool = true) {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | (isPromised ? 0 : MAP_NORESERVE)
    self.init(byteCount, PROT_READ | PROT_WRITE, flags, of: -1)
  }

  /// Reserves addresses without any memory.
  public convenience init?(reserving byteCount: Int) {
    self.init(byteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, of: -1)
  }

  /// Maps a file for reading.
  ///
  /// Reading a page that the file no longer has, since it was truncated or its disk failed, ends the process
  /// with status 74, the path and `advice`: earlier and later data might not fit together. This needs
  /// ``ProcessSignals/letKill()``; other programs end by SIGBUS.
  public convenience init?(reading file: borrowing RegularFile, advice: String) {
    self.init(
      file.size, PROT_READ, MAP_PRIVATE, of: file.descriptor, "\(file.path.masked) \(Self.lost). \(advice)")
  }

  private static let lost = "was cut off while it was in use, or its disk gives no more of it"

  /// Maps the first bytes of a file shared: all who do so see each other's writes.
  public convenience init?(sharing file: CInt, byteCount: Int, isWritable: Bool = true) {
    self.init(byteCount, PROT_READ | (isWritable ? PROT_WRITE : 0), MAP_SHARED, of: file)
  }

  private init?(
    _ byteCount: Int, _ protection: CInt, _ flags: CInt, of file: CInt, _ message: String? = nil
  ) {
    guard let start = mmap(nil, byteCount, protection, flags, file, 0), start != MAP_FAILED else {
      return nil
    }
    self.start = start
    self.byteCount = byteCount
    loss = message.map { Loss(start, byteCount, $0) }
  }

  deinit {
    loss?.forget()
    munmap(start, byteCount)
  }
}

/// A signal handler's message about lost pages.
private struct Loss: Sendable {
  /// Safe: nobody writes to it, and it lives until it is forgotten.
  nonisolated(unsafe) private let message: UnsafeMutablePointer<CChar>?
  private let number: CInt

  init(_ start: UnsafeRawPointer, _ byteCount: Int, _ text: String) {
    message = strdup("\(programName): error: \(text)\n")
    number = message.map { linux_name_mapping(start, byteCount, $0) } ?? -1
  }

  func forget() {
    linux_forget_mapping(number)
    free(message)
  }
}
