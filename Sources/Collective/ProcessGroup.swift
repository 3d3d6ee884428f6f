/// The ranks of one run, as a rank sees them, and what they compute together.
///
/// Every rank calls the same operations in the same order with the same sizes; each operation returns when this
/// rank has its result. A group belongs to one thread at a time: hand it on only between operations.
/// After an error the group is unusable, and the buffers of the failed operation hold no meaning.
public protocol ProcessGroup: AnyObject {
  /// This process's place, from 0 to ``size`` - 1.
  var rank: Int { get }
  /// The number of ranks.
  var size: Int { get }

  /// Replaces `values` by their sums over all ranks: the same bits on every rank.
  ///
  /// The order of each sum depends only on the element's index and on ``size``; see `docs/algorithms.md`.
  func allReduceSum(_ values: UnsafeMutableBufferPointer<Float>) throws(CollectiveError)

  /// Replaces `bytes` by those of rank `root`.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CollectiveError)

  /// Gives every rank's `bytes`, by rank; ranks may give different amounts.
  func allGather(_ bytes: [UInt8]) throws(CollectiveError) -> [[UInt8]]

  /// Returns once every rank has called it.
  func barrier() throws(CollectiveError)

  /// Leaves the group and frees what it held; the group is unusable afterwards.
  func close()
}

extension ProcessGroup {
  /// Does nothing: enough for a group that holds nothing.
  public func close() {}
}
