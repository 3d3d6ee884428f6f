import CTorch

extension Tensor {
  /// Computes the gradient of this one-element tensor and adds it to the `gradient` of every leaf that asked for one.
  public func backward(file: StaticString = #fileID, line: UInt = #line) {
    check(ct_backward(handle), file, line)
  }

  /// Asks for a gradient of this leaf, or for none any more.
  public func requireGradient(_ isAsked: Bool = true, file: StaticString = #fileID, line: UInt = #line) {
    check(ct_set_requires_grad(handle, isAsked), file, line)
  }

  /// The gradient that `backward()` adds to. Setting it makes `backward()` add into that memory.
  public var gradient: Tensor {
    get { tensor(#fileID, #line) { ct_grad(handle, $0) } }
    set { check(ct_set_grad(handle, newValue.handle), #fileID, #line) }
  }

  /// Moves this leaf into the memory of `place`, of the same shape, type and device, with the elements that it has.
  ///
  /// Its gradient and everybody who holds the tensor stay as they are.
  public func move(into place: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    place.copy(from: self, file: file, line: line)
    check(ct_set_data(handle, place.handle), file, line)
  }

  /// Calls `body` each time `backward()` has finished this leaf's gradient, instead of what was to be called before.
  ///
  /// It is called on a thread that runs `backward()`; on the CPU, on the caller's. The leaf keeps `body`.
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

/// Moves the gradients that `backward()` has left with leaves to places of their shapes, which they fill.
///
/// - Parameter others: Leaves of which each may have the gradient in the other one's place, in its own type.
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

/// A closure as C can keep it.
private final class GradientCall {
  let body: () -> Void
  init(_ body: @escaping () -> Void) { self.body = body }
}

/// Runs `body` without recording what gradients would need: evaluation and updates.
public func withoutGradients<Result, Failure: Error>(
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let before = ct_set_grad_mode(false)
  defer { _ = ct_set_grad_mode(before) }
  return try body()
}
