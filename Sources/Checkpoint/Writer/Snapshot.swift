import CLinux
import Glibc
import System

/// The tensors of a checkpoint in memory of its own, so that training goes on while they are written.
///
/// Its memory is used again by the next snapshot; only the first one, or a larger one, costs fresh pages.
public struct Snapshot: ~Copyable {
  private var arena = ByteArena()
  private(set) var files: [TensorFile] = []
  /// Wait for what is on its way.
  private(set) var arrivals: [@Sendable () -> Void] = []

  /// Bytes of all tensors.
  public var byteCount: Int {
    files.reduce(0) { $0 + $1.tensors.reduce(0) { $0 + $1.bytes.count } }
  }

  /// Memory of the snapshot for the bytes of tensors; what it holds is left from earlier.
  public mutating func take(_ byteCount: Int) -> UnsafeMutableRawBufferPointer { arena.take(byteCount) }

  /// Adds tensors to the file that will be called `FILE.safetensors`; their bytes lie in memory that `take` gave, and
  /// are in place when filling ends.
  public mutating func add(_ tensors: [TensorView], to file: String) {
    if let place = files.firstIndex(where: { $0.name == file }) {
      files[place].tensors += tensors
    } else {
      files.append(TensorFile(name: file, tensors: tensors))
    }
  }

  /// Likewise of tensors whose bytes are still on their way, to memory of the caller's.
  ///
  /// - Parameter arrival: Returns when they are there; called on the thread that writes them, before it reads any. What
  ///   it holds stays until the next snapshot.
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

  /// Sets memory aside for tensors of so many bytes in all; nil where there is memory already.
  mutating func reserve(_ byteCount: Int) -> MemoryBlock? { arena.reserve(byteCount) }
}

/// Memory that is handed out front to back and taken back as a whole.
///
/// Whoever takes the same sizes again gets the same pages again: no page is faulted in or zeroed a second time.
private struct ByteArena: ~Copyable {
  private var blocks: [MemoryBlock] = []
  private var current = 0
  private var used = 0
  private let blockSize: Int

  init(blockSize: Int = 64 << 20) {
    self.blockSize = blockSize
  }

  /// The next bytes, at a cache line's start; what they hold is left from earlier.
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

  /// Takes everything back; the memory stays.
  mutating func reset() {
    current = 0
    used = 0
  }

  /// Sets the first bytes aside before anyone takes them; nil where there are some already.
  mutating func reserve(_ count: Int) -> MemoryBlock? {
    guard blocks.isEmpty else { return nil }
    let block = MemoryBlock(byteCount: count)
    blocks = [block]
    return block
  }
}

/// Fresh memory, of large pages where the machine gives them to those who ask.
final class MemoryBlock: Sendable {
  // Safe: only the address is kept here, and it never changes; who may touch the bytes is the owner's affair.
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

  /// Has the kernel put the pages in place, whoever else writes to them meanwhile: what they hold stays.
  func populate() {
    for start in stride(from: 0, to: bytes.count - 3, by: Self.smallestPage) {
      let word = bytes.baseAddress?.advanced(by: start).assumingMemoryBound(to: UInt32.self)
      linux_touch_word(word)
    }
  }
}
