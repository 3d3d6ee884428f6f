internal import CKernels

/// One rank's part in the operations on a buffer whose memory on every rank it can access.
///
/// Only a block's owner reads and writes it, in the lanes of all ranks. So ranks meet only before the first
/// and after the last block, and a block's sums are written back to the lanes while these are in the cache.
struct SharedMemoryReducer {
  private let lanes: [UnsafeMutableRawPointer?]
  private let rank: Int
  private let blocks: BlockLayout
  private let order: SumOrder

  init(_ lanes: [UnsafeMutablePointer<Float>], rank: Int, blocks: BlockLayout, order: SumOrder) {
    self.lanes = lanes.map { UnsafeMutableRawPointer($0) }
    self.rank = rank
    self.blocks = blocks
    self.order = order
  }

  /// Sums this rank's blocks in `range`, and writes the sums to all lanes or to this rank's alone.
  func sum(_ range: Range<Int>, intoAll: Bool) {
    let terms = order.ranks(endingWith: rank).map { lanes[$0].map { UnsafeRawPointer($0) } }
    let results = intoAll ? lanes : [lanes[rank]]
    for part in blocks.ranges(of: rank, in: range) {
      floats_sum(
        results, results.count, terms, terms.count, order.group, part.lowerBound, part.count)
    }
  }

  /// Copies this rank's blocks in `range` to all other lanes.
  func spread(_ range: Range<Int>) {
    let others = (1..<lanes.count).map { lanes[(rank + $0) % lanes.count] }
    for part in blocks.ranges(of: rank, in: range) {
      floats_spread(others, others.count, lanes[rank], part.lowerBound, part.count)
    }
  }
}
