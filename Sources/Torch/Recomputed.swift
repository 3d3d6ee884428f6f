import CTorch

/// `part(x)` as one operation that keeps `x` alone of all that gradients need: `backward()` calls `part` again, and goes back
/// through that.
///
/// The same gradients to the bit, where `part` does the same each time; it takes a second forward pass of the part.
/// - Parameters:
///   - weights: What learns inside of it, if anything does.
///   - part: Called on the thread that runs `backward()`; on the CPU, on the caller's. Its second argument says whether anybody
///     looks at the result's values: nobody does the second time, so they need not be computed.
public func recomputed(
  _ x: Tensor, learning weights: [Tensor], file: StaticString = #fileID, line: UInt = #line,
  _ part: @escaping (_ x: Tensor, _ isRead: Bool) -> Tensor
) -> Tensor {
  let box = Unmanaged.passRetained(RecomputedPart(part)).toOpaque()
  return withExtendedLifetime(weights) {  // the handles alone keep no tensor alive
    tensor(file, line) {
      ct_recomputed(
        x.handle, weights.map { Optional($0.handle) }, Int32(weights.count),
        { box, x, isRead, place in
          guard let box, let x else { return }
          let part = Unmanaged<RecomputedPart>.fromOpaque(box).takeUnretainedValue()
          let result = part.body(Tensor(taking: x), isRead)
          ct_hand_over(place, result.handle)
        }, box, { box in if let box { Unmanaged<RecomputedPart>.fromOpaque(box).release() } }, $0)
    }
  }
}

/// A closure as C can keep it.
private final class RecomputedPart {
  let body: (Tensor, Bool) -> Tensor
  init(_ body: @escaping (Tensor, Bool) -> Tensor) { self.body = body }
}
