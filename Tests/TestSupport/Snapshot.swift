public import Checkpoint

extension Snapshot {
  /// Copies tensors into the file that will be called `FILE.safetensors`.
  public mutating func copy(_ tensors: [TensorView], to file: String) {
    for tensor in tensors {
      let bytes = take(tensor.bytes.count)
      bytes.copyMemory(from: tensor.bytes)
      add(
        [
          TensorView(
            name: tensor.name, type: tensor.type, shape: tensor.shape, bytes: UnsafeRawBufferPointer(bytes))
        ], to: file)
    }
  }
}
