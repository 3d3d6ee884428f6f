import CTorch

/// The packed forms of weights that fused operations have asked for, and memory that holds them ready.
///
/// An operation packs a weight itself unless its form is lent ready-made. Call `pack(_:)` again after a
/// weight changes. The weights must stay at the addresses at which operations first used them.
public final class PackedWeights {
  private let handle: OpaquePointer

  /// Makes an empty set.
  public init() { handle = ct_packed_weights_create() }

  deinit { ct_packed_weights_free(handle) }

  /// Bytes of each form, in the order in which they were first asked for.
  public var byteCounts: [Int] {
    (0..<ct_packed_weights_count(handle)).map { Int(ct_packed_weights_bytes(handle, $0)) }
  }

  /// The elements of `weights` from which a form is packed.
  public func place(of form: Int, in weights: UnsafeMutableBufferPointer<Float>) -> Range<Int> {
    var count: Int64 = 0
    guard let base = weights.baseAddress, let start = ct_packed_weights_weight(handle, Int64(form), &count)
    else { return 0..<0 }
    let first = UnsafePointer(base).distance(to: start)
    return first..<first + Int(count)
  }

  /// Runs `body`; meanwhile this thread's operations use ready forms, and forms they ask for are noted.
  public func lent<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    ct_packed_weights_use(handle)
    defer { ct_packed_weights_use(nil) }
    return try body()
  }

  /// Sets where operations find a form when the forms are lent: at the start of `memory`, aligned to 64
  /// bytes.
  public func place(_ form: Int, at memory: UnsafeMutableRawBufferPointer) {
    let bytes = Int(ct_packed_weights_bytes(handle, Int64(form)))
    require(memory.count >= bytes, "\(memory.count) bytes for a form of \(bytes)", #fileID, #line)
    check(ct_packed_weights_place(handle, Int64(form), memory.baseAddress), #fileID, #line)
  }

  /// Packs the weight's current values into the form's memory; another thread's operations may use other forms
  /// meanwhile.
  public func pack(_ form: Int) { check(ct_packed_weights_pack(handle, Int64(form)), #fileID, #line) }
}
