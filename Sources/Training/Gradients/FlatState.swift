import CKernels
import Collective
import Dispatch
import Glibc
import System
import Torch

/// A number for each weight of a network, all in one memory, as a layout says.
struct FlatState {
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

/// Copies the floats in `range` to the same places of `target`, past the caches: nobody reads them soon.
func copy(
  _ range: Range<Int>, of source: UnsafeMutableBufferPointer<Float>,
  to target: UnsafeMutableBufferPointer<Float>
) {
  withUnsafePointer(to: UnsafeMutableRawPointer(target.baseAddress)) {
    floats_spread($0, 1, source.baseAddress, range.lowerBound, range.count)
  }
}

/// Does so for many ranges, on all threads.
func copy(
  _ ranges: [Range<Int>], of source: UnsafeMutableBufferPointer<Float>,
  to target: UnsafeMutableBufferPointer<Float>
) {
  _ = concurrently(ranges) { copy($0, of: source, to: target) }
}

extension FlatState {
  /// Copies all numbers of host memory.
  func copy(to target: UnsafeMutableBufferPointer<Float>) {
    Training.copy(
      BlockLayout(size: 1).ranges(of: 0, in: 0..<tensor.count), of: tensor.floats(), to: target)
  }
}

/// The results of `body` for each item, in order, worked out on as many threads as libtorch's operations use.
///
/// `body` must not mind which thread it runs on, nor what runs beside it.
func concurrently<Item, Result>(_ items: [Item], _ body: (Item) -> Result) -> [Result] {
  let threads = min(Runtime.threads, items.count)
  guard threads > 1 else { return items.map(body) }
  return Array(unsafeUninitializedCapacity: items.count) { results, count in
    // Safe: every thread takes items of its own and writes their results alone; all are done at the end of the call.
    nonisolated(unsafe) let (start, items, body) = (results, items, body)
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      for index in stride(from: thread, to: items.count, by: threads) {
        start.initializeElement(at: index, to: body(items[index]))
      }
    }
    count = items.count
  }
}
