internal import CLinux
import Glibc

/// Pages that this process sees, fresh ones or a file's, for as long as the object lives.
///
/// Each initializer gives nil, with errno set, where the system refuses; a file's descriptor may be closed afterwards.
public final class MappedMemory: Sendable {
  /// Where the first page lies.
  ///
  /// Safe: only the place is kept here, and it never changes; who may touch the bytes is the owner's affair.
  nonisolated(unsafe) public let start: UnsafeMutableRawPointer
  /// Bytes from there on, at least 1.
  public let byteCount: Int
  /// What to say where the file is cut off; nil for pages that cannot be lost.
  private let loss: Loss?

  /// Fresh zeros, which exist once they are touched.
  ///
  /// - Parameter isPromised: False where more may be asked for than there will ever be.
  public convenience init?(zeros byteCount: Int, isPromised: Bool = true) {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | (isPromised ? 0 : MAP_NORESERVE)
    self.init(byteCount, PROT_READ | PROT_WRITE, flags, of: -1)
  }

  /// Addresses that nothing else is put at, and nothing yet lies at.
  public convenience init?(reserving byteCount: Int) {
    self.init(byteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, of: -1)
  }

  /// A file, to be read.
  ///
  /// A page that the file no longer has when it is read, since it was cut off or its disk failed, ends the process with status 74, its
  /// path and `advice`: nothing that was read before can be trusted to fit what is read after. A program that calls
  /// ``ProcessSignals/letKill()`` does so; others end by SIGBUS.
  public convenience init?(reading file: borrowing RegularFile, advice: String) {
    self.init(
      file.size, PROT_READ, MAP_PRIVATE, of: file.descriptor, "\(file.path.masked) \(Self.lost). \(advice)")
  }

  private static let lost = "was cut off while it was in use, or its disk gives no more of it"

  /// The first bytes of a file, as all see them who map it so, also what is written later.
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

/// What a signal handler says of pages that are lost.
private struct Loss: Sendable {
  /// Safe: nobody writes to it, and it stays until it is forgotten.
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
