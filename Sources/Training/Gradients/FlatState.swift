import CKernels
import Collective
import Dispatch
import Glibc
import System
import Torch

/// One number per weight of a network, such as a moment, in one tensor with the parameters' layout.
struct FlatState {
  /// The whole buffer, of one dimension.
  let tensor: Tensor
  /// Views of each parameter's part, in its shape, in order of construction.
  let parts: [Tensor]

  /// Makes views of `tensor` in the parameters' shapes.
  init(_ tensor: Tensor, _ layout: FlatLayout, shapes: [[Int]]) {
    self.tensor = tensor
    parts = zip(layout.places, shapes).map { tensor.narrowed(0, to: $0.range).reshaped($1) }
  }

  /// Allocates zeros; on the CPU, pages take no memory before they are touched.
  init(zeros layout: FlatLayout, shapes: [[Int]], on device: Device) {
    let zeros =
      device == .cpu ? lazyFloats(layout.count) : Tensor.zeros([layout.count], on: device)
    self.init(zeros, layout, shapes: shapes)
  }
}

/// Returns zeros whose pages take memory only once they are touched.
///
/// So a rank that updates only its own blocks holds only those blocks' moments.
private func lazyFloats(_ count: Int) -> Tensor {
  let bytes = max(1, count) * MemoryLayout<Float>.stride
  guard let memory = MappedMemory(zeros: bytes, isPromised: false) else {
    Shortage(.memory, for: "\(bytes) bytes of optimizer state").end()
  }
  // Touching a huge page would also allocate other ranks' blocks around the one that is needed.
  madvise(memory.start, bytes, MADV_NOHUGEPAGE)
  let floats = memory.start.assumingMemoryBound(to: Float.self)
  return Tensor(memory: UnsafeMutableBufferPointer(start: floats, count: count), keeping: memory)
}

/// Copies the floats in `range` to the same places in `target` with stores that bypass the caches: nobody
/// reads them soon.
func copy(
  _ range: Range<Int>, of source: UnsafeMutableBufferPointer<Float>,
  to target: UnsafeMutableBufferPointer<Float>
) {
  withUnsafePointer(to: UnsafeMutableRawPointer(target.baseAddress)) {
    floats_spread($0, 1, source.baseAddress, range.lowerBound, range.count)
  }
}

/// Copies many ranges likewise, on all threads.
func copy(
  _ ranges: [Range<Int>], of source: UnsafeMutableBufferPointer<Float>,
  to target: UnsafeMutableBufferPointer<Float>
) {
  _ = concurrently(ranges) { copy($0, of: source, to: target) }
}

extension FlatState {
  /// Copies all numbers from host memory.
  func copy(to target: UnsafeMutableBufferPointer<Float>) {
    Training.copy(
      BlockLayout(size: 1).ranges(of: 0, in: 0..<tensor.count), of: tensor.floats(), to: target)
  }
}

/// Applies `body` to each item on as many threads as libtorch's operations use, and returns the results in
/// order.
///
/// `body` may run on any thread, and at the same time as other calls of it.
func concurrently<Item, Result>(_ items: [Item], _ body: (Item) -> Result) -> [Result] {
  let threads = min(Runtime.threads, items.count)
  guard threads > 1 else { return items.map(body) }
  return Array(unsafeUninitializedCapacity: items.count) { results, count in
    // Safe: each thread takes its own items and writes only their results, and all threads finish before the
    // call returns.
    nonisolated(unsafe) let (start, items, body) = (results, items, body)
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      for index in stride(from: thread, to: items.count, by: threads) {
        start.initializeElement(at: index, to: body(items[index]))
      }
    }
    count = items.count
  }
}
