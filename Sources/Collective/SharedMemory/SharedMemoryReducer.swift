internal import CKernels

/// What one rank does to a buffer whose memory on every rank it sees.
///
/// A block is read and written by its owner alone, in the lanes of all ranks. So ranks need to meet before the first
/// and after the last block, and nowhere between; and a block's sums go back to the lanes while these are in the cache.
struct SharedMemoryReducer {
  private let lanes: [UnsafeMutableRawPointer?]
  private let rank: Int
  private let blocks: BlockLayout

  init(_ lanes: [UnsafeMutablePointer<Float>], rank: Int, blocks: BlockLayout) {
    self.lanes = lanes.map { UnsafeMutableRawPointer($0) }
    self.rank = rank
    self.blocks = blocks
  }

  /// Sums this rank's blocks in `range`, and writes the sums to its own lane alone or to the lanes of all.
  func sum(_ range: Range<Int>, intoAll: Bool) {
    // The canonical order of a block starts behind its owner and ends with it.
    let terms = fromNextRank.map { $0.map { UnsafeRawPointer($0) } }
    let results = intoAll ? lanes : [lanes[rank]]
    for part in blocks.ranges(of: rank, in: range) {
      floats_sum(results, results.count, terms, terms.count, part.lowerBound, part.count)
    }
  }

  /// Copies this rank's blocks in `range` to the lanes of all others.
  func spread(_ range: Range<Int>) {
    let others = Array(fromNextRank.dropLast())
    for part in blocks.ranges(of: rank, in: range) {
      floats_spread(others, others.count, lanes[rank], part.lowerBound, part.count)
    }
  }

  private var fromNextRank: [UnsafeMutableRawPointer?] {
    (1...lanes.count).map { lanes[(rank + $0) % lanes.count] }
  }
}
