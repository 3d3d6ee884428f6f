import Recipe
import Torch

/// AdamW with decoupled weight decay (Loshchilov and Hutter 2019), as `torch.optim.AdamW` computes it.
struct AdamW: UpdateRule {
  let values: Recipe.Optimizer
  let moments = ["exp_avg", "exp_avg_sq"]

  func update(_ floats: FlatUpdate, decays: Bool, at moment: UpdateMoment) {
    floats.adamW(
      scale: moment.gradientScale, step: moment.steps + 1, learningRate: moment.learningRate,
      betas: (values.beta1, values.beta2), decay: decays ? values.weightDecay : 0, epsilon: values.epsilon)
  }

  func update(
    weights: [Tensor], gradients: [Tensor], moments: [[Tensor]], decays: Bool, at moment: UpdateMoment
  ) {
    updateAdamW(
      weights: weights, gradients: gradients, means: moments[0], squares: moments[1], step: moment.steps + 1,
      learningRate: moment.learningRate, betas: (values.beta1, values.beta2),
      decay: decays ? values.weightDecay : 0, epsilon: values.epsilon)
  }
}
