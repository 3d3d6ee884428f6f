public import Collective
import CTorch

/// A ``CardEngine`` over NCCL or HCCL, for one rank.
public final class CardSums: CardEngine {
  /// The library's name and version.
  public let name: String
  private var group: OpaquePointer?

  /// Joins `size` ranks with one card each, on this rank the current device; returns when all have joined.
  ///
  /// - Parameters:
  /// - kind: The card's kind, by libtorch's number.
  /// - key: A key from `makeKey`, the same on all ranks.
  public init(
    by library: CardLibrary, onCardOf kind: Int32, index: Int, meetingBy key: [UInt8], rank: Int, size: Int
  ) throws(EngineFailure) {
    name = try library.name()
    let status = ct_card_group_join(
      library.number, kind, Int32(index), key, Int32(rank), Int32(size), &group)
    guard status == 0 else { throw .setup(lastError) }
  }

  /// Enqueues a sum on the card's current stream.
  public func sum(_ floats: UnsafeMutableBufferPointer<Float>) throws(CollectiveError) {
    guard let group else { throw .closed }
    guard ct_card_group_sum(group, floats.baseAddress, floats.count) == 0 else { throw failure }
  }

  /// Asks the library for errors, without waiting.
  public func check() throws(CollectiveError) {
    guard let group else { throw .closed }
    guard ct_card_group_check(group) == 0 else { throw failure }
  }

  private var failure: CollectiveError { .system(detail: "\(name): \(lastError)") }

  /// Cancels sums that wait for other ranks, if the library can.
  public func abort() { if let group { ct_card_group_abort(group) } }

  /// Stops summing; the library's objects are freed with the process.
  public func close() {
    ct_card_group_free(group)
    group = nil
  }
}
