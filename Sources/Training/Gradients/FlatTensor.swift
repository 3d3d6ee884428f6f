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
      device == .cpu ? LazyFloats(count: layout.count).tensor : Tensor.zeros([layout.count], on: device)
    self.init(zeros, layout, shapes: shapes)
  }
}

/// Zeros of this process, whose pages exist once they are touched.
///
/// A rank that updates its own blocks alone so keeps only those blocks' moments.
private final class LazyFloats {
  private let floats: UnsafeMutableBufferPointer<Float>
  private var byteCount: Int { max(1, floats.count) * MemoryLayout<Float>.stride }

  init(count: Int) {
    let bytes = max(1, count) * MemoryLayout<Float>.stride
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let start = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0), start != MAP_FAILED else {
      Shortage(.memory, for: "\(bytes) bytes of optimizer state").end()
    }
    // A huge page would bring in the blocks of other ranks around the one that is touched.
    madvise(start, bytes, MADV_NOHUGEPAGE)
    floats = UnsafeMutableBufferPointer(start: start.assumingMemoryBound(to: Float.self), count: count)
  }

  deinit { munmap(floats.baseAddress, byteCount) }

  /// The zeros as a tensor, which keeps them.
  var tensor: Tensor { Tensor(memory: floats, keeping: self) }
}
