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

  /// Copies tensors into the file that will be called `FILE.safetensors`.
  public mutating func copy(_ tensors: [TensorView], to file: String, metadata: [String: String] = [:]) {
    for tensor in tensors {
      add(tensor.name, tensor.type, tensor.shape, byteCount: tensor.bytes.count, to: file) {
        $0.copyMemory(from: tensor.bytes)
      }
    }
    files[place(of: file)].metadata.merge(metadata) { $1 }
  }

  /// Adds a tensor whose bytes `fill` puts in place, as a copy from a card does; it has to fill all of them.
  public mutating func add(
    _ name: String, _ type: ElementType, _ shape: [Int], to file: String,
    _ fill: (UnsafeMutableRawBufferPointer) -> Void
  ) {
    let byteCount = type.byteCount(shape: shape)
    guard let byteCount else { fatalError("tensor \(name): no memory holds \(type.rawValue) \(shape)") }
    add(name, type, shape, byteCount: byteCount, to: file, fill)
  }

  private mutating func add(
    _ name: String, _ type: ElementType, _ shape: [Int], byteCount: Int, to file: String,
    _ fill: (UnsafeMutableRawBufferPointer) -> Void
  ) {
    let bytes = arena.take(byteCount)
    fill(bytes)
    files[place(of: file)].tensors.append(
      TensorView(name: name, type: type, shape: shape, bytes: UnsafeRawBufferPointer(bytes)))
  }

  private mutating func place(of file: String) -> Int {
    if let place = files.firstIndex(where: { $0.name == file }) { return place }
    files.append(TensorFile(name: file, tensors: []))
    return files.count - 1
  }

  /// Forgets the tensors and keeps the memory.
  mutating func clear() {
    files = []
    arena.reset()
  }
}
