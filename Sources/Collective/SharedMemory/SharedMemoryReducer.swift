internal import CKernels

/// What one rank does to a buffer whose memory on every rank it sees.
///
/// A block is read and written by its owner alone, in the lanes of all ranks. So ranks need to meet before the first
/// and after the last block, and nowhere between; and a block's sums go back to the lanes while these are in the cache.
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

  /// Sums this rank's blocks in `range`, and writes the sums to its own lane alone or to the lanes of all.
  func sum(_ range: Range<Int>, intoAll: Bool) {
    let terms = order.ranks(endingWith: rank).map { lanes[$0].map { UnsafeRawPointer($0) } }
    let results = intoAll ? lanes : [lanes[rank]]
    for part in blocks.ranges(of: rank, in: range) {
      floats_sum(
        results, results.count, terms, terms.count, order.group, part.lowerBound, part.count)
    }
  }

  /// Copies this rank's blocks in `range` to the lanes of all others.
  func spread(_ range: Range<Int>) {
    let others = (1..<lanes.count).map { lanes[(rank + $0) % lanes.count] }
    for part in blocks.ranges(of: rank, in: range) {
      floats_spread(others, others.count, lanes[rank], part.lowerBound, part.count)
    }
  }
}
