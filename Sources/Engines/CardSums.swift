public import Collective
import CTorch

/// One rank's part in sums over cards.
public final class CardSums: CardEngine {
  /// The library's name.
  public let name: String
  private var group: OpaquePointer?

  /// Joins `size` ranks with a card each, of which this one's is the current device; returns when all have joined.
  ///
  /// - Parameters:
  ///   - kind: The card's kind, as libtorch numbers them.
  ///   - key: One that `makeKey` has made, the same on all ranks.
  public init(
    by library: CardLibrary, onCardOf kind: Int32, index: Int, meetingBy key: [UInt8], rank: Int, size: Int
  ) throws(EngineFailure) {
    name = try library.name()
    let status = ct_card_group_join(
      library.number, kind, Int32(index), key, Int32(rank), Int32(size), &group)
    guard status == 0 else { throw .setup(lastError) }
  }

  /// Puts a sum on the card's current queue.
  public func sum(_ floats: UnsafeMutableBufferPointer<Float>) throws(CollectiveError) {
    guard let group else { throw .closed }
    guard ct_card_group_sum(group, floats.baseAddress, floats.count) == 0 else { throw failure }
  }

  /// Asks the library, which waits for nothing.
  public func check() throws(CollectiveError) {
    guard let group else { throw .closed }
    guard ct_card_group_check(group) == 0 else { throw failure }
  }

  private var failure: CollectiveError { .system(detail: "\(name): \(lastError)") }

  /// Ends sums that wait for others, where the library can.
  public func abort() { if let group { ct_card_group_abort(group) } }

  /// Sums no more; what the library has of it ends with the process.
  public func close() {
    ct_card_group_free(group)
    group = nil
  }
}
