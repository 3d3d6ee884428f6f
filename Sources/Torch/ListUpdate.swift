import CTorch

/// Limits of an update as tensors on its device, so that the host need not know their values.
public struct UpdateLimits {
  let divisor: Tensor?
  let barrier: Tensor?

  /// Makes limits.
  ///
  /// - Parameters:
  /// - divisor: Every gradient is divided by it first, in place, `[]` or `[1]` (float32).
  /// - barrier: If it is 1, nothing changes, `[1]` (float32).
  public init(divisor: Tensor? = nil, barrier: Tensor? = nil) {
    (self.divisor, self.barrier) = (divisor, barrier)
  }

  var handles: ct_limits { ct_limits(divisor: divisor?.handle, barrier: barrier?.handle) }
}

/// AdamW and the rules related to it, which keep two running means.
public enum AdamKin: Sendable {
  /// AdamW with decay first, `w *= 1 - rate · decay`; then `w -= rate / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) +
  /// ε)` (`torch.optim.AdamW(fused=True)`).
  case adamW
  /// LAMB: each parameter's step is as long as its weights, times the rate (You et al. 2020; timm's `lamb`
  /// without its own clipping).
  case lamb
  /// Cautious AdamW: without the elements that go against their gradients (Liang et al. 2024; timm's
  /// `cadamw`).
  case cautious
}

/// Makes one step of such a rule for a list of tensors, in place.
///
/// The four parallel lists hold float32 tensors on one device; `step`, which counts from 1, and the rate are
/// `[]` in float32 on the same device. On the CPU a rate may have any type.
public func update(
  _ rule: AdamKin, weights: [Tensor], gradients: [Tensor], means: [Tensor], squares: [Tensor], step: Tensor,
  learningRate: Tensor, betas: (Double, Double), decay: Double, epsilon: Double,
  limits: UpdateLimits = UpdateLimits(), file: StaticString = #fileID, line: UInt = #line
) {
  let call =
    switch rule {
    case .adamW: ct_adamw_
    case .lamb: ct_lamb_
    case .cautious: ct_cautious_adamw_
    }
  update([weights, gradients, means, squares], by: [step, learningRate], limits, file, line) {
    call(
      $0[0], $0[1], $0[2], $0[3], $1, step.handle, learningRate.handle, betas.0, betas.1, decay, epsilon, $2)
  }
}

/// Makes one fused step of gradient descent with Nesterov momentum for a list of tensors, in place
/// (`torch.optim.SGD`).
///
/// The three parallel lists hold float32 tensors on one device; the rate is as for AdamW. Decay is added to
/// the gradient, and the first step initialises the momenta: `g += decay · w; m = momentum · m + g; w -= rate
/// · (g + momentum · m)`.
public func updateSGD(
  weights: [Tensor], gradients: [Tensor], momenta: [Tensor], learningRate: Tensor, momentum: Double,
  decay: Double, isFirst: Bool, limits: UpdateLimits = UpdateLimits(), file: StaticString = #fileID,
  line: UInt = #line
) {
  update([weights, gradients, momenta], by: [learningRate], limits, file, line) {
    ct_sgd_($0[0], $0[1], $0[2], $1, learningRate.handle, momentum, decay, isFirst, $2)
  }
}

/// Makes one step of Lion for a list of tensors, in place.
///
/// The three parallel lists hold float32 tensors on one device; the rate is as for AdamW: `w *= 1 - rate ·
/// decay; w -= rate · sign(β₁ · m + (1 - β₁) · g); m = β₂ · m + (1 - β₂) · g`.
public func updateLion(
  weights: [Tensor], gradients: [Tensor], means: [Tensor], learningRate: Tensor, betas: (Double, Double),
  decay: Double, limits: UpdateLimits = UpdateLimits(), file: StaticString = #fileID, line: UInt = #line
) {
  update([weights, gradients, means], by: [learningRate], limits, file, line) {
    ct_lion_($0[0], $0[1], $0[2], $1, learningRate.handle, betas.0, betas.1, decay, $2)
  }
}

/// Makes one step of Muon for a list of matrices, in place; a kernel counts as a matrix with one row per
/// output.
///
/// The three parallel lists hold float32 tensors on one device; the rate is as for AdamW: `m += (1 -
/// momentum) · (g - m)`, and `w = (1 - rate · decay) · w - rate · 0.2 · √max(rows, columns) · o`, where o is
/// `m` with singular values of nearly 1 (Jordan et al. 2024; Liu et al. 2025; timm's `muon`, which computes o
/// in bfloat16).
public func updateMuon(
  weights: [Tensor], gradients: [Tensor], means: [Tensor], learningRate: Tensor, momentum: Double,
  decay: Double, epsilon: Double, limits: UpdateLimits = UpdateLimits(), file: StaticString = #fileID,
  line: UInt = #line
) {
  update([weights, gradients, means], by: [learningRate], limits, file, line) {
    ct_muon_($0[0], $0[1], $0[2], $1, learningRate.handle, momentum, decay, epsilon, $2)
  }
}

/// Calls the C function with the handles of parallel lists, their length and the limits, and keeps the
/// tensors alive.
private func update(
  _ lists: [[Tensor]], by numbers: [Tensor], _ limits: UpdateLimits, _ file: StaticString, _ line: UInt,
  _ call: ([[OpaquePointer?]], Int32, ct_limits) -> Int32
) {
  require(lists.allSatisfy { $0.count == lists[0].count }, "lists of unequal length", file, line)
  let handles = lists.map { $0.map { Optional($0.handle) } }
  let status = withExtendedLifetime((lists, limits, numbers)) {
    call(handles, Int32(lists[0].count), limits.handles)
  }
  check(status, file, line)
}

extension Tensor {
  /// Clips every element to ±`limit`, in place.
  public func clip(to limit: Double, file: StaticString = #fileID, line: UInt = #line) {
    check(ct_clip_values_(handle, limit), file, line)
  }
}

/// Clips each output's gradient to `factor` times the norm of its weights, in place (adaptive gradient
/// clipping).
public func clipUnits(
  of gradients: [Tensor], weights: [Tensor], to factor: Double, file: StaticString = #fileID,
  line: UInt = #line
) {
  require(gradients.count == weights.count, "lists of unequal length", file, line)
  let handles = [gradients, weights].map { $0.map { Optional($0.handle) } }
  let status = withExtendedLifetime((gradients, weights)) {
    ct_clip_units_(handles[0], handles[1], Int32(weights.count), factor)
  }
  check(status, file, line)
}
