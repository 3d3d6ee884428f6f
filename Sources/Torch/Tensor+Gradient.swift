import CTorch

extension Tensor {
  /// Computes the gradient of this one-element tensor and adds it to the `gradient` of every leaf that asked for one.
  public func backward(file: StaticString = #fileID, line: UInt = #line) {
    check(ct_backward(handle), file, line)
  }

  /// Asks for a gradient of this leaf.
  public func requireGradient(file: StaticString = #fileID, line: UInt = #line) {
    check(ct_set_requires_grad(handle, true), file, line)
  }

  /// The gradient that `backward()` adds to. Setting it makes `backward()` add into that memory.
  public var gradient: Tensor {
    get { tensor(#fileID, #line) { ct_grad(handle, $0) } }
    set { check(ct_set_grad(handle, newValue.handle), #fileID, #line) }
  }
}

/// Runs `body` without recording what gradients would need: evaluation and updates.
public func withoutGradients<Result, Failure: Error>(
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let before = ct_set_grad_mode(false)
  defer { _ = ct_set_grad_mode(before) }
  return try body()
}
