internal import CLinux
import Glibc

/// A file in memory without a name, of which processes share what they map: it ends with the last that has it open or mapped.
public struct MemoryFile: ~Copyable, Sendable {
  private let file: Descriptor
  /// Bytes that it may hold; those that nobody has written take no memory.
  public let byteCount: Int

  /// A new one, full of zeros; nil, with errno, where the system refuses.
  ///
  /// - Parameter name: What the kernel calls it in lists of open files.
  public init?(_ name: String, byteCount: Int) {
    guard let file = Descriptor(linux_memory_file(name)) else { return nil }
    guard ftruncate(file.number, byteCount) == 0 else { return nil }
    self.file = file
    self.byteCount = byteCount
  }

  /// One that another process of this user has open; nil, with errno, where that cannot be reached.
  public init?(_ place: Place, byteCount: Int) {
    guard let file = Descriptor(open(place.path, O_RDWR | O_CLOEXEC)) else { return nil }
    var status = stat()
    guard fstat(file.number, &status) == 0, status.st_size == byteCount else { return nil }
    self.file = file
    self.byteCount = byteCount
  }

  /// Under which number which process has it open.
  public struct Place: Codable, Equatable, Sendable {
    fileprivate let process: Int32
    fileprivate let descriptor: Int32

    fileprivate var path: String { "/proc/\(process)/fd/\(descriptor)" }
  }

  /// Where other processes find it, as long as this value is.
  public var place: Place { Place(process: getpid(), descriptor: file.number) }

  /// All of it, to be read, with what is written later.
  public borrowing func mapped() -> MappedMemory? {
    MappedMemory(sharing: file.number, byteCount: byteCount, isWritable: false)
  }

  /// The first bytes, to be read and written.
  public borrowing func shared(byteCount: Int) -> MappedMemory? {
    MappedMemory(sharing: file.number, byteCount: byteCount)
  }

  /// Writes bytes at an offset; false where the system has no memory for them, which writing into a mapping would not survive.
  public borrowing func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    var count = 0
    while let start = bytes.baseAddress, count < bytes.count {
      let written = pwrite(file.number, start + count, bytes.count - count, off_t(offset + count))
      if written > 0 { count += written } else if written == 0 || errno != EINTR { return false }
    }
    return true
  }
}

/// Words of 64 bits in memory that processes share: each is read and changed as a whole.
public struct SharedWords: Sendable {
  private let memory: MappedMemory

  /// The words from the start of some memory on.
  public init(_ memory: MappedMemory) { self.memory = memory }

  private func word(_ index: Int) -> UnsafeMutablePointer<UInt64> {
    precondition(index >= 0 && (index + 1) * 8 <= memory.byteCount, "there is no word \(index)")
    return memory.start.assumingMemoryBound(to: UInt64.self) + index
  }

  /// A word, with all that was written before it was.
  public subscript(index: Int) -> UInt64 { linux_load_long(word(index)) }

  /// Adds to a word; what was there before.
  @discardableResult public func add(_ count: UInt64, to index: Int) -> UInt64 {
    linux_add_long(word(index), count)
  }

  /// Sets a word that is still zero; whether it was.
  @discardableResult public func setZero(_ index: Int, to value: UInt64) -> Bool {
    linux_replace_long(word(index), 0, value) != 0
  }
}
