import CTorch

/// What an update of tensors keeps to, in numbers that lie where they do: nobody has to know them.
public struct UpdateLimits {
  let divisor: Tensor?
  let barrier: Tensor?

  /// - Parameters:
  ///   - divisor: What every gradient is divided by first, `[]` or `[1]` (float32); the quotients stay in its place.
  ///   - barrier: Nothing changes where it is 1, `[1]` (float32).
  public init(divisor: Tensor? = nil, barrier: Tensor? = nil) {
    (self.divisor, self.barrier) = (divisor, barrier)
  }

  var handles: ct_limits { ct_limits(divisor: divisor?.handle, barrier: barrier?.handle) }
}

/// AdamW, and its kin by name: the rules with two running means.
public enum AdamKin: Sendable {
  /// The decay comes first, `w *= 1 - rate · decay`; then `w -= rate / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε)`
  /// (`torch.optim.AdamW(fused=True)`).
  case adamW
  /// Each parameter's step as long as its weights, times the rate (You et al. 2020; timm's `lamb` without a clip of its own).
  case lamb
  /// AdamW without the elements that go against their gradients (Liang et al. 2024; timm's `cadamw`).
  case cautious
}

/// One step of such a rule for a list of tensors, in place.
///
/// Four parallel lists of float32 tensors on one device, where `step`, which counts from 1, and the rate are too, `[]` in
/// float32; on the CPU a rate may have any type.
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

/// One fused step of gradient descent with Nesterov's momentum for a list of tensors, in place (`torch.optim.SGD`).
///
/// Three parallel lists of float32 tensors on one device, and the rate as for AdamW. The decay is added to the gradient; the
/// first step starts the momenta: `g += decay · w; m = momentum · m + g; w -= rate · (g + momentum · m)`.
public func updateSGD(
  weights: [Tensor], gradients: [Tensor], momenta: [Tensor], learningRate: Tensor, momentum: Double,
  decay: Double, isFirst: Bool, limits: UpdateLimits = UpdateLimits(), file: StaticString = #fileID,
  line: UInt = #line
) {
  update([weights, gradients, momenta], by: [learningRate], limits, file, line) {
    ct_sgd_($0[0], $0[1], $0[2], $1, learningRate.handle, momentum, decay, isFirst, $2)
  }
}

/// One step of Lion for a list of tensors, in place.
///
/// Three parallel lists of float32 tensors on one device, and the rate as for AdamW:
/// `w *= 1 - rate · decay; w -= rate · sign(β₁ · m + (1 - β₁) · g); m = β₂ · m + (1 - β₂) · g`.
public func updateLion(
  weights: [Tensor], gradients: [Tensor], means: [Tensor], learningRate: Tensor, betas: (Double, Double),
  decay: Double, limits: UpdateLimits = UpdateLimits(), file: StaticString = #fileID, line: UInt = #line
) {
  update([weights, gradients, means], by: [learningRate], limits, file, line) {
    ct_lion_($0[0], $0[1], $0[2], $1, learningRate.handle, betas.0, betas.1, decay, $2)
  }
}

/// One step of Muon for a list of matrices, or kernels as matrices of a row for each output, in place.
///
/// Three parallel lists of float32 tensors on one device, and the rate as for AdamW: `m += (1 - momentum) · (g - m)`, and
/// `w = (1 - rate · decay) · w - rate · 0.2 · √max(rows, columns) · o`, where o is `m` with singular values of nearly 1
/// (Jordan et al. 2024; Liu et al. 2025; timm's `muon`, which computes o in bfloat16).
public func updateMuon(
  weights: [Tensor], gradients: [Tensor], means: [Tensor], learningRate: Tensor, momentum: Double,
  decay: Double, epsilon: Double, limits: UpdateLimits = UpdateLimits(), file: StaticString = #fileID,
  line: UInt = #line
) {
  update([weights, gradients, means], by: [learningRate], limits, file, line) {
    ct_muon_($0[0], $0[1], $0[2], $1, learningRate.handle, momentum, decay, epsilon, $2)
  }
}

/// Calls the shim with the handles of parallel lists, their length and the limits; the handles alone keep no tensor alive.
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
  /// Bounds every element, in place.
  public func clip(to limit: Double, file: StaticString = #fileID, line: UInt = #line) {
    check(ct_clip_values_(handle, limit), file, line)
  }
}

/// Bounds the norm of each output's gradient by `factor` times that of its weights, in place.
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
