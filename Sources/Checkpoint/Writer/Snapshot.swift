/// The tensors of a checkpoint in memory of its own, so that training goes on while they are written.
///
/// Its memory is used again by the next snapshot; only the first one, or a larger one, costs fresh pages.
public struct Snapshot: ~Copyable {
  private var arena = ByteArena()
  private(set) var files: [TensorFile] = []

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

  /// Forgets the tensors and keeps the memory.
  mutating func clear() {
    files = []
    arena.reset()
  }

  /// Sets memory aside for tensors of so many bytes in all; nil where there is memory already.
  mutating func reserve(_ byteCount: Int) -> MemoryBlock? { arena.reserve(byteCount) }
}
