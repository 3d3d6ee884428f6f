import CTorch

/// One fused AdamW update of a list of tensors, in place (`torch.optim.AdamW(fused=True)`).
///
/// Four parallel lists of float32 tensors on one device. `step` counts from 1. The decay comes first:
/// `w *= 1 - rate · decay`; then `w -= rate / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε)`.
public func updateAdamW(
  weights: [Tensor], gradients: [Tensor], means: [Tensor], squares: [Tensor], step: Int,
  learningRate: Double, betas: (Double, Double), decay: Double, epsilon: Double,
  file: StaticString = #fileID, line: UInt = #line
) {
  let lists = [weights, gradients, means, squares]
  require(lists.allSatisfy { $0.count == weights.count }, "lists of unequal length", file, line)
  let handles = lists.map { $0.map { Optional($0.handle) } }
  let status = withExtendedLifetime(lists) {  // the handles alone keep no tensor alive
    ct_adamw_(
      handles[0], handles[1], handles[2], handles[3], Int32(weights.count), Double(step), learningRate,
      betas.0, betas.1, decay, epsilon)
  }
  check(status, file, line)
}
