import Glibc
import System
import Torch

/// A number for each weight of a network, all in one memory, as a layout says.
struct FlatTensor {
  /// The memory, of one dimension.
  let tensor: Tensor
  /// Each parameter's part, in its shape, in order of construction.
  let parts: [Tensor]

  /// Sees `tensor` as the parameters' shapes.
  init(_ tensor: Tensor, _ layout: FlatLayout, shapes: [[Int]]) {
    self.tensor = tensor
    parts = zip(layout.places, shapes).map { tensor.narrowed(0, to: $0.range).reshaped($1) }
  }

  /// Zeros; on the CPU, memory that is not there before it is touched.
  init(zeros layout: FlatLayout, shapes: [[Int]], on device: Device) {
    let zeros =
      device == .cpu ? lazyFloats(layout.count) : Tensor.zeros([layout.count], on: device)
    self.init(zeros, layout, shapes: shapes)
  }
}

/// Zeros of this process, whose pages exist once they are touched.
///
/// A rank that updates its own blocks alone so keeps only those blocks' moments.
private func lazyFloats(_ count: Int) -> Tensor {
  let bytes = max(1, count) * MemoryLayout<Float>.stride
  guard let memory = MappedMemory(zeros: bytes, isPromised: false) else {
    Shortage(.memory, for: "\(bytes) bytes of optimizer state").end()
  }
  // A huge page would bring in the blocks of other ranks around the one that is touched.
  madvise(memory.start, bytes, MADV_NOHUGEPAGE)
  let floats = memory.start.assumingMemoryBound(to: Float.self)
  return Tensor(memory: UnsafeMutableBufferPointer(start: floats, count: count), keeping: memory)
}
