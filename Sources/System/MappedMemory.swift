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

  /// The first bytes of a file, to be read.
  public convenience init?(reading file: CInt, byteCount: Int) {
    self.init(byteCount, PROT_READ, MAP_PRIVATE, of: file)
  }

  /// The first bytes of a file, as all see them who map it so, also what is written later.
  public convenience init?(sharing file: CInt, byteCount: Int, isWritable: Bool = true) {
    self.init(byteCount, PROT_READ | (isWritable ? PROT_WRITE : 0), MAP_SHARED, of: file)
  }

  private init?(_ byteCount: Int, _ protection: CInt, _ flags: CInt, of file: CInt) {
    guard let start = mmap(nil, byteCount, protection, flags, file, 0), start != MAP_FAILED else {
      return nil
    }
    self.start = start
    self.byteCount = byteCount
  }

  deinit { munmap(start, byteCount) }
}
