import CTorch

/// The forms in which fused operations take weights, as far as they have asked for them, and where these lie ready.
///
/// An operation packs a weight for itself where its form does not lie ready: a form is packed anew after the weight has
/// changed, or is not lent. The weights are those that the operations were given, in the same memory as then.
public final class PackedWeights {
  private let handle: OpaquePointer

  /// Of no weights yet.
  public init() { handle = ct_packed_weights_create() }

  deinit { ct_packed_weights_free(handle) }

  /// Bytes of each form, in the order in which they were asked for.
  public var byteCounts: [Int] {
    (0..<ct_packed_weights_count(handle)).map { Int(ct_packed_weights_bytes(handle, $0)) }
  }

  /// Runs `body`, in which this thread's operations take what lies ready, and what they ask for is noted.
  public func lent<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    ct_packed_weights_use(handle)
    defer { ct_packed_weights_use(nil) }
    return try body()
  }

  /// Has operations take a form from where `memory` begins, on an edge of 64 bytes, whenever the forms are lent.
  public func place(_ form: Int, at memory: UnsafeMutableRawBufferPointer) {
    let bytes = Int(ct_packed_weights_bytes(handle, Int64(form)))
    require(memory.count >= bytes, "\(memory.count) bytes for a form of \(bytes)", #fileID, #line)
    check(ct_packed_weights_place(handle, Int64(form), memory.baseAddress), #fileID, #line)
  }

  /// Packs the weight as it is now, into the memory where operations will take it.
  public func pack(_ form: Int) { check(ct_packed_weights_pack(handle, Int64(form)), #fileID, #line) }
}
