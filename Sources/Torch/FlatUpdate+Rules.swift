import CKernels

extension FlatUpdate {
  /// Lion (Chen et al. 2023), the formula of
  /// ``updateLion(weights:gradients:means:learningRate:betas:decay:limits:file:line:)``.
  public func lion(scale: Double, learningRate: Double, betas: (Double, Double), decay: Double) {
    require(moments.count == 1, "\(moments.count) moments for Lion", #fileID, #line)
    var values = floats_lion_values(
      scale: Float(scale), keep: Float(1 - learningRate * decay), gain1: Float(1 - betas.0),
      gain2: Float(1 - betas.1), rate: Float(learningRate))
    floats_lion(
      weights.baseAddress, gradients.baseAddress, moments[0].baseAddress, weights.count, &values)
  }

  /// LAMB (You et al. 2020) for a whole parameter; overwrites the gradient.
  public func lamb(
    scale: Double, step: Int, learningRate: Double, betas: (Double, Double), decay: Double, epsilon: Double
  ) {
    var values = adam(scale, step, rate: 1, betas, keep: 1, epsilon)
    floats_lamb(
      weights.baseAddress, gradients.baseAddress, moments[0].baseAddress, moments[1].baseAddress,
      weights.count, &values, Float(decay), Float(learningRate))
  }

  /// Cautious AdamW (Liang et al. 2024) for a whole parameter; overwrites the gradient.
  public func cautiousAdamW(
    scale: Double, step: Int, learningRate: Double, betas: (Double, Double), decay: Double, epsilon: Double
  ) {
    var values = adam(scale, step, rate: learningRate, betas, keep: 1 - learningRate * decay, epsilon)
    floats_cautious_adamw(
      weights.baseAddress, gradients.baseAddress, moments[0].baseAddress, moments[1].baseAddress,
      weights.count, &values)
  }

  /// Muon for a whole matrix or kernel, the formula of
  /// ``updateMuon(weights:gradients:means:learningRate:momentum:decay:epsilon:limits:file:line:)``; scales
  /// the gradient in place.
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

  /// Scales the gradients, then clips each element.
  public func clipValues(scale: Double, to limit: Double) {
    floats_clip_values(gradients.baseAddress, gradients.count, Float(scale), Float(limit))
  }

  /// Scales the gradients of a whole parameter, then clips each output's to `factor` times the norm of its
  /// weights (adaptive gradient clipping, Brock et al. 2021).
  public func clipUnits(scale: Double, to factor: Double) {
    floats_clip_units(
      gradients.baseAddress, weights.baseAddress, weights.count, shape.count > 1 ? shape[0] : 1, Float(scale),
      factor)
  }
}

/// The owner passed for memory that outlives the tensors made of it, so needs no owner.
private final class MemoryOfAnother: Sendable {
  static let owner = MemoryOfAnother()
}
