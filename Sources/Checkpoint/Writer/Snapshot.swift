import CLinux
import Glibc
import System

/// A copy of a checkpoint's tensors, so that training can continue while they are written.
///
/// The next snapshot reuses its memory; only the first, or a larger one, costs fresh pages.
public struct Snapshot: ~Copyable {
  private var arena = ByteArena()
  private(set) var files: [TensorFile] = []
  /// Calls that wait for bytes still arriving.
  private(set) var arrivals: [@Sendable () -> Void] = []

  /// The size of all tensors, in bytes.
  public var byteCount: Int {
    files.reduce(0) { $0 + $1.tensors.reduce(0) { $0 + $1.bytes.count } }
  }

  /// Returns memory of the snapshot for tensors' bytes, with undefined content.
  public mutating func take(_ byteCount: Int) -> UnsafeMutableRawBufferPointer { arena.take(byteCount) }

  /// Adds tensors to the file `FILE.safetensors`; their bytes are in memory from `take(_:)` and complete when
  /// filling ends.
  public mutating func add(_ tensors: [TensorView], to file: String) {
    if let place = files.firstIndex(where: { $0.name == file }) {
      files[place].tensors += tensors
    } else {
      files.append(TensorFile(name: file, tensors: tensors))
    }
  }

  /// Adds tensors whose bytes are still arriving in the caller's memory.
  ///
  /// - Parameter arrival: Returns when they have arrived; called on the writing thread before it reads any.
  ///   What it retains is kept until the next snapshot.
  public mutating func add(
    _ tensors: [TensorView], to file: String, arrival: @escaping @Sendable () -> Void
  ) {
    add(tensors, to: file)
    arrivals.append(arrival)
  }

  /// Forgets the tensors and keeps the memory.
  mutating func clear() {
    files = []
    arrivals = []
    arena.reset()
  }

  /// Reserves memory for `byteCount` bytes of tensors; nil if memory exists already.
  mutating func reserve(_ byteCount: Int) -> MemoryBlock? { arena.reserve(byteCount) }
}

/// Memory that is handed out front to back and freed as a whole.
///
/// Taking the same sizes again returns the same pages, which are not faulted in or zeroed again.
private struct ByteArena: ~Copyable {
  private var blocks: [MemoryBlock] = []
  private var current = 0
  private var used = 0
  private let blockSize: Int

  init(blockSize: Int = 64 << 20) {
    self.blockSize = blockSize
  }

  /// Returns the next bytes, aligned to a cache line, with undefined content.
  mutating func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
    while current < blocks.count {
      let bytes = blocks[current].bytes
      if count <= bytes.count - used {
        defer { used = min(bytes.count, (used + count + 63) / 64 * 64) }
        return UnsafeMutableRawBufferPointer(rebasing: bytes[used..<used + count])
      }
      current += 1
      used = 0
    }
    blocks.append(MemoryBlock(byteCount: max(count, blockSize)))
    return take(count)
  }

  /// Takes everything back and keeps the memory.
  mutating func reset() {
    current = 0
    used = 0
  }

  /// Reserves the first block before any use; nil if one exists already.
  mutating func reserve(_ count: Int) -> MemoryBlock? {
    guard blocks.isEmpty else { return nil }
    let block = MemoryBlock(byteCount: count)
    blocks = [block]
    return block
  }
}

/// A block of fresh memory, in large pages if the machine provides them on request.
final class MemoryBlock: Sendable {
  // Safe: only the address is stored, and it never changes; the owner decides who may access the bytes.
  nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

  private static let largePage = 2 << 20
  private static let smallestPage = 4096

  init(byteCount: Int) {
    var start: UnsafeMutableRawPointer?
    guard posix_memalign(&start, Self.largePage, max(1, byteCount)) == 0, let start else {
      Shortage(.memory, for: "\(byteCount) bytes of a checkpoint").end()
    }
    bytes = UnsafeMutableRawBufferPointer(start: start, count: max(1, byteCount))
    linux_prefer_large_pages(start, bytes.count)
  }

  deinit { free(bytes.baseAddress) }

  /// Maps the block's pages now; concurrent writes by others are preserved.
  func populate() {
    for start in stride(from: 0, to: bytes.count - 3, by: Self.smallestPage) {
      let word = bytes.baseAddress?.advanced(by: start).assumingMemoryBound(to: UInt32.self)
      linux_touch_word(word)
    }
  }
}
