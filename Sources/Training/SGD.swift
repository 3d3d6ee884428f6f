import Recipe
import Torch

/// Stochastic gradient descent with Nesterov's momentum, as timm's `sgd`.
final class SGD: Optimizer {
  private let groups: [(parameters: ParameterGroup, momenta: [Tensor])]
  private let momentum: Double
  private(set) var steps = 0

  init(_ parameters: [Parameter], _ values: Recipe.Optimizer) {
    momentum = values.momentum
    groups = ParameterGroup.split(parameters, decay: values.weightDecay).map { ($0, $0.zeros()) }
  }

  func update(learningRate: Double) {
    for (group, momenta) in groups {
      updateSGD(
        weights: group.weights, gradients: group.gradients, momenta: momenta, learningRate: learningRate,
        momentum: momentum, decay: group.decay, isFirst: steps == 0)
    }
    steps += 1
  }

  /// `momentum_buffer`, PyTorch's name.
  var memory: [(name: String, tensor: Tensor)] {
    groups.flatMap { $0.named("momentum_buffer", $1) }
  }

  func resume(atStep step: Int) { steps = step }
}
