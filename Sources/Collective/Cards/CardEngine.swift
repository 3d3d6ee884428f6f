/// Sums floats that lie on accelerator cards, one card per rank, through the maker's library (NCCL, HCCL).
///
/// The library chooses the order of each sum; all ranks get the same bits. Calls come from one thread at a
/// time.
public protocol CardEngine: AnyObject {
  /// The library's name and version, such as `NCCL 2.28.9`.
  var name: String { get }

  /// Enqueues an in-place sum of `floats`, which lie on this rank's card, over all ranks.
  ///
  /// The sum runs after all work already queued on the card, and the call does not wait for it. Every rank
  /// calls this for the same sums in the same order; while steps are recorded as graphs, either all ranks
  /// record a sum or none does.
  func sum(_ floats: UnsafeMutableBufferPointer<Float>) throws(CollectiveError)

  /// Throws if it is known that sums under way will never finish.
  func check() throws(CollectiveError)

  /// Cancels the sums under way; the engine cannot be used afterwards.
  func abort()

  /// Leaves the group of cards; every rank calls it.
  func close()
}
