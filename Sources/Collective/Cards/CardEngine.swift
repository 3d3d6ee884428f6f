/// Adds floats up that lie on cards, one of each rank: a library of the cards' maker.
///
/// The order of a sum is the library's affair; all ranks get the same bits. Calls come from one thread at a time.
public protocol CardEngine: AnyObject {
  /// What it is called, as `NCCL 2.28.9`.
  var name: String { get }

  /// Has the card put the sums over all ranks in the place of `floats`, which are its own.
  ///
  /// It does so behind all that it was asked for before, and nobody waits for it. Every rank asks for the same sums in the same
  /// order, and either all ranks record one or none.
  func sum(_ floats: UnsafeMutableBufferPointer<Float>) throws(CollectiveError)

  /// Throws where sums that are on their way will not end, as far as that is known.
  func check() throws(CollectiveError)

  /// Gives up what is on its way; nothing more can be summed.
  func abort()

  /// Leaves the others, who do so too.
  func close()
}
