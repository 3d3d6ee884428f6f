import CTorch

/// One fused step of gradient descent with Nesterov's momentum for a list of tensors, in place (`torch.optim.SGD`).
///
/// Three parallel lists of float32 tensors on one device. The decay is added to the gradient; the first step starts
/// the momenta: `g += decay · w; m = momentum · m + g; w -= rate · (g + momentum · m)`.
public func updateSGD(
  weights: [Tensor], gradients: [Tensor], momenta: [Tensor], learningRate: Double, momentum: Double,
  decay: Double, isFirst: Bool, file: StaticString = #fileID, line: UInt = #line
) {
  let lists = [weights, gradients, momenta]
  require(lists.allSatisfy { $0.count == weights.count }, "lists of unequal length", file, line)
  let handles = lists.map { $0.map { Optional($0.handle) } }
  let status = withExtendedLifetime(lists) {  // the handles alone keep no tensor alive
    ct_sgd_(
      handles[0], handles[1], handles[2], Int32(weights.count), learningRate, momentum, decay, isFirst)
  }
  check(status, file, line)
}
