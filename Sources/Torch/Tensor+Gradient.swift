import CTorch

extension Tensor {
  /// Computes the gradients of this one-element tensor and adds them to the `gradient` of every leaf that
  /// requires one.
  public func backward(file: StaticString = #fileID, line: UInt = #line) {
    check(ct_backward(handle), file, line)
  }

  /// Makes this leaf require a gradient, or no longer.
  public func requireGradient(_ isAsked: Bool = true, file: StaticString = #fileID, line: UInt = #line) {
    check(ct_set_requires_grad(handle, isAsked), file, line)
  }

  /// The gradient to which `backward()` adds. Once set, `backward()` adds into that memory.
  public var gradient: Tensor {
    get { tensor(#fileID, #line) { ct_grad(handle, $0) } }
    set { check(ct_set_grad(handle, newValue.handle), #fileID, #line) }
  }

  /// Moves this leaf's elements into the memory of `place`, which has the same shape, type and device.
  ///
  /// Its gradient stays, and so do all references to the tensor.
  public func move(into place: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    place.copy(from: self, file: file, line: line)
    check(ct_set_data(handle, place.handle), file, line)
  }

  /// Calls `body` each time `backward()` has finished this leaf's gradient; it replaces an earlier `body`.
  ///
  /// The call comes on the thread that runs `backward()`, on the CPU the caller's. The leaf retains `body`.
  public func onGradient(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () -> Void
  ) {
    let box = Unmanaged.passRetained(GradientCall(body)).toOpaque()
    let status = ct_on_gradient(
      handle, { box in if let box { Unmanaged<GradientCall>.fromOpaque(box).takeUnretainedValue().body() } },
      box,
      { box in if let box { Unmanaged<GradientCall>.fromOpaque(box).release() } })
    check(status, file, line)
  }
}

/// Moves the gradients that `backward()` left in leaves to `places`, of the same shapes, overwriting them.
///
/// - Parameter others: For each leaf, another leaf that may hold the gradient instead, in its own type.
public func takeGradients(
  of leaves: [Tensor], or others: [Tensor]?, to places: [Tensor], file: StaticString = #fileID,
  line: UInt = #line
) {
  require(leaves.count == places.count, "\(leaves.count) gradients for \(places.count) places", file, line)
  require(others?.count ?? leaves.count == leaves.count, "lists of unequal length", file, line)
  func handles(_ tensors: [Tensor]) -> [OpaquePointer?] { tensors.map { Optional($0.handle) } }
  let status = withExtendedLifetime((leaves, others, places)) {  // the handles alone keep no tensor alive
    ct_take_gradients(handles(places), handles(leaves), others.map(handles), Int32(leaves.count))
  }
  check(status, file, line)
}

/// A closure boxed for a C context pointer.
private final class GradientCall {
  let body: () -> Void
  init(_ body: @escaping () -> Void) { self.body = body }
}

/// Runs `body` without recording operations for gradients, as evaluation and updates do.
public func withoutGradients<Result, Failure: Error>(
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let before = ct_set_grad_mode(false)
  defer { _ = ct_set_grad_mode(before) }
  return try body()
}
