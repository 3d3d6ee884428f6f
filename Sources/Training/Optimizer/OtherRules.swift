import Recipe
import Torch

/// Lion (Chen et al. 2023), as timm's `lion`: each weight moves by the rate in the direction of a running
/// mean's sign.
struct Lion: UpdateRule {
  let values: Recipe.Optimizer
  let moments = ["exp_avg"]

  func update(_ floats: FlatUpdate, decays: Bool, at scalars: UpdateScalars) {
    floats.lion(
      scale: scalars.gradientScale, learningRate: scalars.learningRate, betas: (values.beta1, values.beta2),
      decay: decays ? values.weightDecay : 0)
  }

  func update(
    weights: [Tensor], gradients: [Tensor], moments: [[Tensor]], decays: Bool, isFirst: Bool,
    at numbers: UpdateNumbers, within limits: UpdateLimits
  ) {
    updateLion(
      weights: weights, gradients: gradients, means: moments[0], learningRate: numbers.learningRate,
      betas: (values.beta1, values.beta2), decay: decays ? values.weightDecay : 0, limits: limits)
  }
}

/// LAMB and cautious AdamW, as in timm: their steps depend on whole parameters, so every rank computes all of
/// them.
struct WholeParameters: UpdateRule {
  let values: Recipe.Optimizer
  let rule: AdamKin
  let moments = ["exp_avg", "exp_avg_sq"]

  func update(_ floats: FlatUpdate, decays: Bool, at scalars: UpdateScalars) {
    (rule == .lamb ? floats.lamb : floats.cautiousAdamW)(
      scalars.gradientScale, scalars.steps + 1, scalars.learningRate, (values.beta1, values.beta2),
      decays ? values.weightDecay : 0, values.epsilon)
  }

  func update(
    weights: [Tensor], gradients: [Tensor], moments: [[Tensor]], decays: Bool, isFirst: Bool,
    at numbers: UpdateNumbers, within limits: UpdateLimits
  ) {
    Torch.update(
      rule, weights: weights, gradients: gradients, means: moments[0], squares: moments[1],
      step: numbers.step, learningRate: numbers.learningRate, betas: (values.beta1, values.beta2),
      decay: decays ? values.weightDecay : 0, epsilon: values.epsilon, limits: limits)
  }
}

/// Muon (Jordan et al. 2024), as timm's `muon`: a matrix moves along its orthogonalised momentum; everything
/// else moves as by AdamW.
struct Muon: UpdateRule {
  private let values: Recipe.Optimizer
  private let others: AdamW
  let moments: [String]

  init(matrices values: Recipe.Optimizer) {
    (self.values, others) = (values, AdamW(values: values))
    moments = others.moments
  }

  /// Whether a parameter moves as a matrix: not a vector, position embedding or one-channel kernel, and not
  /// too narrow.
  static func isMatrix(_ shape: [Int]) -> Bool {
    guard shape.count > 1, shape[0] > 1, shape[1] > 1 else { return false }
    let sides = [shape[0], shape[1...].reduce(1, *)].sorted()
    return sides[0] >= 4 && sides[1] <= 128 * sides[0]
  }

  func update(_ floats: FlatUpdate, decays: Bool, at scalars: UpdateScalars) {
    guard Self.isMatrix(floats.shape) else { return others.update(floats, decays: decays, at: scalars) }
    floats.muon(
      scale: scalars.gradientScale, learningRate: scalars.learningRate, momentum: values.momentum,
      decay: decays ? values.weightDecay : 0, epsilon: values.epsilon)
  }

  func update(
    weights: [Tensor], gradients: [Tensor], moments: [[Tensor]], decays: Bool, isFirst: Bool,
    at numbers: UpdateNumbers, within limits: UpdateLimits
  ) {
    let matrices = weights.indices.filter { Self.isMatrix(weights[$0].shape) }
    let rest = weights.indices.filter { !Self.isMatrix(weights[$0].shape) }
    func chosen(_ list: [Tensor], _ indices: [Int]) -> [Tensor] { indices.map { list[$0] } }
    updateMuon(
      weights: chosen(weights, matrices), gradients: chosen(gradients, matrices),
      means: chosen(moments[0], matrices), learningRate: numbers.learningRate, momentum: values.momentum,
      decay: decays ? values.weightDecay : 0, epsilon: values.epsilon, limits: limits)
    others.update(
      weights: chosen(weights, rest), gradients: chosen(gradients, rest),
      moments: moments.map { chosen($0, rest) }, decays: decays, isFirst: isFirst, at: numbers, within: limits
    )
  }
}
