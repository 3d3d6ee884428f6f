import CKernels
import CTorch

extension FlatUpdate {
  /// Lion (Chen et al. 2023), the formula of ``updateLion(weights:gradients:means:learningRate:betas:decay:limits:file:line:)``.
  public func lion(scale: Double, learningRate: Double, betas: (Double, Double), decay: Double) {
    require(moments.count == 1, "\(moments.count) moments for Lion", #fileID, #line)
    var values = floats_lion_values(
      scale: Float(scale), keep: Float(1 - learningRate * decay), gain1: Float(1 - betas.0),
      gain2: Float(1 - betas.1), rate: Float(learningRate))
    floats_lion(
      weights.baseAddress, gradients.baseAddress, moments[0].baseAddress, weights.count, &values)
  }

  /// LAMB (You et al. 2020) of a whole parameter, whose gradient is written over.
  public func lamb(
    scale: Double, step: Int, learningRate: Double, betas: (Double, Double), decay: Double, epsilon: Double
  ) {
    var values = adam(scale, step, rate: 1, betas, keep: 1, epsilon)
    floats_lamb(
      weights.baseAddress, gradients.baseAddress, moments[0].baseAddress, moments[1].baseAddress,
      weights.count, &values, Float(decay), Float(learningRate))
  }

  /// AdamW with caution (Liang et al. 2024) of a whole parameter, whose gradient is written over.
  public func cautiousAdamW(
    scale: Double, step: Int, learningRate: Double, betas: (Double, Double), decay: Double, epsilon: Double
  ) {
    var values = adam(scale, step, rate: learningRate, betas, keep: 1 - learningRate * decay, epsilon)
    floats_cautious_adamw(
      weights.baseAddress, gradients.baseAddress, moments[0].baseAddress, moments[1].baseAddress,
      weights.count, &values)
  }

  /// Muon of a whole matrix or kernel, the formula of ``updateMuon(weights:gradients:means:learningRate:momentum:decay:epsilon:limits:file:line:)``; scales the gradient.
  public func muon(scale: Double, learningRate: Double, momentum: Double, decay: Double, epsilon: Double) {
    withoutGradients {
      let tensors = [weights, gradients, moments[0]].map { memory in
        Tensor(memory: memory, keeping: MemoryOfAnother.owner).reshaped(shape)
      }
      if scale != 1 { tensors[1].scale(by: scale) }
      updateMuon(
        weights: [tensors[0]], gradients: [tensors[1]], means: [tensors[2]],
        learningRate: Tensor([Float(learningRate)], []), momentum: momentum, decay: decay, epsilon: epsilon)
    }
  }

  private func adam(
    _ scale: Double, _ step: Int, rate: Double, _ betas: (Double, Double), keep: Double, _ epsilon: Double
  ) -> floats_adamw_values {
    require(moments.count == 2, "\(moments.count) moments for Adam", #fileID, #line)
    return floats_adamw_values(
      scale: Float(scale), keep: Float(keep), gain1: Float(1 - betas.0), beta2: Float(betas.1),
      gain2: Float(1 - betas.1), step_size: Float(rate / (1 - power(betas.0, step))),
      root: Float((1 - power(betas.1, step)).squareRoot()), epsilon: Float(epsilon))
  }

  /// Scales the gradients, then bounds each element.
  public func clipValues(scale: Double, to limit: Double) {
    floats_clip_values(gradients.baseAddress, gradients.count, Float(scale), Float(limit))
  }

  /// Scales the gradients of a whole parameter, then bounds the norm of each output's by `factor` times that of its weights
  /// (Brock et al. 2021, adaptive gradient clipping).
  public func clipUnits(scale: Double, to factor: Double) {
    floats_clip_units(
      gradients.baseAddress, weights.baseAddress, weights.count, shape.count > 1 ? shape[0] : 1, Float(scale),
      factor)
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
  let lists = [weights, gradients, means]
  require(lists.allSatisfy { $0.count == weights.count }, "lists of unequal length", file, line)
  let handles = lists.map { $0.map { Optional($0.handle) } }
  let status = withExtendedLifetime((lists, limits, learningRate)) {
    ct_lion_(
      handles[0], handles[1], handles[2], Int32(weights.count), learningRate.handle, betas.0, betas.1, decay,
      limits.handles)
  }
  check(status, file, line)
}

/// What a step of Adam's kin is called by name.
public enum AdamKin: Sendable {
  /// Each parameter's step as long as its weights, times the rate (You et al. 2020; timm's `lamb` without a clip of its own).
  case lamb
  /// AdamW without the elements that go against their gradients (Liang et al. 2024; timm's `cadamw`).
  case cautious
}

/// One step of a rule with Adam's two means for a list of tensors, in place; lists and numbers are those of AdamW.
public func update(
  _ rule: AdamKin, weights: [Tensor], gradients: [Tensor], means: [Tensor], squares: [Tensor], step: Tensor,
  learningRate: Tensor, betas: (Double, Double), decay: Double, epsilon: Double,
  limits: UpdateLimits = UpdateLimits(), file: StaticString = #fileID, line: UInt = #line
) {
  let lists = [weights, gradients, means, squares]
  require(lists.allSatisfy { $0.count == weights.count }, "lists of unequal length", file, line)
  let handles = lists.map { $0.map { Optional($0.handle) } }
  let call = rule == .lamb ? ct_lamb_ : ct_cautious_adamw_
  let status = withExtendedLifetime((lists, limits, step, learningRate)) {
    call(
      handles[0], handles[1], handles[2], handles[3], Int32(weights.count), step.handle, learningRate.handle,
      betas.0, betas.1, decay, epsilon, limits.handles)
  }
  check(status, file, line)
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
  let lists = [weights, gradients, means]
  require(lists.allSatisfy { $0.count == weights.count }, "lists of unequal length", file, line)
  let handles = lists.map { $0.map { Optional($0.handle) } }
  let status = withExtendedLifetime((lists, limits, learningRate)) {
    ct_muon_(
      handles[0], handles[1], handles[2], Int32(weights.count), learningRate.handle, momentum, decay, epsilon,
      limits.handles)
  }
  check(status, file, line)
}

/// Stands for what keeps memory that outlives the tensors made of it.
private final class MemoryOfAnother: Sendable {
  static let owner = MemoryOfAnother()
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
