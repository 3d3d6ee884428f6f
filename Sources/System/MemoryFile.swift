internal import CLinux
import Glibc

/// A memory file without a name, whose mappings processes share; it ends with the last process that has it
/// open or mapped.
public struct MemoryFile: ~Copyable, Sendable {
  private let file: Descriptor
  /// The file's size in bytes; unwritten pages take no memory.
  public let byteCount: Int

  /// Makes a new file of zeros; nil, with errno, on failure.
  ///
  /// - Parameter name: The kernel's name for it in lists of open files.
  public init?(_ name: String, byteCount: Int) {
    guard let file = Descriptor(linux_memory_file(name)) else { return nil }
    guard ftruncate(file.number, byteCount) == 0 else { return nil }
    self.file = file
    self.byteCount = byteCount
  }

  /// Opens a file of another process of this user; nil, with errno, if it cannot be reached.
  public init?(_ place: Place, byteCount: Int) {
    guard let file = Descriptor(open(place.path, O_RDWR | O_CLOEXEC)) else { return nil }
    var status = stat()
    guard fstat(file.number, &status) == 0, status.st_size == byteCount else { return nil }
    self.file = file
    self.byteCount = byteCount
  }

  /// The process that has the file open, and its descriptor there.
  public struct Place: Codable, Equatable, Sendable {
    fileprivate let process: Int32
    fileprivate let descriptor: Int32

    fileprivate var path: String { "/proc/\(process)/fd/\(descriptor)" }
  }

  /// Where other processes find the file, as long as this value lives.
  public var place: Place { Place(process: getpid(), descriptor: file.number) }

  /// Maps the whole file for reading; later writes show.
  public borrowing func mapped() -> MappedMemory? {
    MappedMemory(sharing: file.number, byteCount: byteCount, isWritable: false)
  }

  /// Maps the first bytes for reading and writing.
  public borrowing func shared(byteCount: Int) -> MappedMemory? {
    MappedMemory(sharing: file.number, byteCount: byteCount)
  }

  /// Writes bytes at an offset; false if there is no memory for them, which a write to a mapping would not
  /// survive.
  public borrowing func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    var count = 0
    while let start = bytes.baseAddress, count < bytes.count {
      let written = pwrite(file.number, start + count, bytes.count - count, off_t(offset + count))
      if written > 0 { count += written } else if written == 0 || errno != EINTR { return false }
    }
    return true
  }
}

/// 64-bit words in shared memory with atomic access.
public struct SharedWords: Sendable {
  private let memory: MappedMemory

  /// Uses the words from the start of some memory.
  public init(_ memory: MappedMemory) { self.memory = memory }

  private func word(_ index: Int) -> UnsafeMutablePointer<UInt64> {
    precondition(index >= 0 && (index + 1) * 8 <= memory.byteCount, "there is no word \(index)")
    return memory.start.assumingMemoryBound(to: UInt64.self) + index
  }

  /// Loads a word with acquire semantics.
  public subscript(index: Int) -> UInt64 { linux_load_long(word(index)) }

  /// Adds to a word; returns the previous value.
  @discardableResult public func add(_ count: UInt64, to index: Int) -> UInt64 {
    linux_add_long(word(index), count)
  }

  /// Sets a word that is still zero; returns whether it was.
  @discardableResult public func setZero(_ index: Int, to value: UInt64) -> Bool {
    linux_replace_long(word(index), 0, value) != 0
  }
}
