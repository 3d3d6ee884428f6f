import CTorch

/// Computes `part(x)` as one operation that saves only `x` for gradients: `backward()` runs `part` again and
/// differentiates that (gradient checkpointing).
///
/// Gradients have the same bits, provided that `part` computes the same each time. The cost is a second
/// forward pass of the part.
/// - Parameters:
/// - weights: The parameters that learn inside the part, if any.
/// - part: Called again on the thread that runs `backward()`, on the CPU the caller's. Its second argument
///   says whether the result's values are needed: they are not the second time.
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

/// A closure boxed for a C context pointer.
private final class RecomputedPart {
  let body: (Tensor, Bool) -> Tensor
  init(_ body: @escaping (Tensor, Bool) -> Tensor) { self.body = body }
}
