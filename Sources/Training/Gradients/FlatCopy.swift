import CFloats
import Collective
import Torch

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

extension FlatTensor {
  /// Copies all numbers to host memory.
  func copy(to target: UnsafeMutableBufferPointer<Float>) {
    guard tensor.device == .cpu else { return tensor.copy(into: UnsafeMutableRawBufferPointer(target)) }
    Training.copy(
      BlockLayout(size: 1).ranges(of: 0, in: 0..<tensor.count), of: tensor.floats(), to: target)
  }
}

extension RankExchange {
  /// Copies the other ranks' blocks of `own` to `target`, on rank 0 alone; every rank must call it, and `room` holds
  /// nothing afterwards.
  ///
  /// Where the ranks see one another's memory, rank 0 copies from there, and nobody else's blocks travel.
  func gather(
    _ own: UnsafeMutableBufferPointer<Float>, through room: GroupBuffer,
    to target: UnsafeMutableBufferPointer<Float>?
  ) throws(CollectiveError) {
    let all = 0..<room.count
    if group.rank != 0 { copy(owned(of: all), of: own, to: room.floats) }
    if room.isShared { try group.barrier() } else { try group.allGatherBlocks(room, all) }
    if let target {
      for rank in 1..<group.size {
        copy(group.blocks.ranges(of: rank, in: all), of: room.floats(of: rank), to: target)
      }
    }
    if room.isShared { try group.barrier() }
  }
}
