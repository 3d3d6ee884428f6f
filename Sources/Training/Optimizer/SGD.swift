import Recipe
import Torch

/// Stochastic gradient descent with Nesterov's momentum, as timm's `sgd`.
struct SGD: UpdateRule {
  let values: Recipe.Optimizer
  let moments = ["momentum_buffer"]

  func update(_ floats: FlatUpdate, decays: Bool, at moment: UpdateMoment) {
    floats.sgd(
      scale: moment.gradientScale, learningRate: moment.learningRate, momentum: values.momentum,
      decay: decays ? values.weightDecay : 0, isFirst: moment.steps == 0)
  }

  func update(
    weights: [Tensor], gradients: [Tensor], moments: [[Tensor]], decays: Bool, at moment: UpdateMoment
  ) {
    updateSGD(
      weights: weights, gradients: gradients, momenta: moments[0], learningRate: moment.learningRate,
      momentum: values.momentum, decay: decays ? values.weightDecay : 0, isFirst: moment.steps == 0)
  }
}
