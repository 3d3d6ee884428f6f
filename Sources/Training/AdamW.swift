import Recipe
import Torch

/// AdamW with decoupled weight decay (Loshchilov and Hutter 2019), as `torch.optim.AdamW` computes it.
final class AdamW: Optimizer {
  private let groups: [(parameters: ParameterGroup, means: [Tensor], squares: [Tensor])]
  private let values: Recipe.Optimizer
  private(set) var steps = 0

  init(_ parameters: [Parameter], _ values: Recipe.Optimizer) {
    self.values = values
    groups = ParameterGroup.split(parameters, decay: values.weightDecay).map { ($0, $0.zeros(), $0.zeros()) }
  }

  func update(learningRate: Double) {
    steps += 1
    for (group, means, squares) in groups {
      updateAdamW(
        weights: group.weights, gradients: group.gradients, means: means, squares: squares, step: steps,
        learningRate: learningRate, betas: (values.beta1, values.beta2), decay: group.decay,
        epsilon: values.epsilon)
    }
  }

  /// `exp_avg` and `exp_avg_sq`, PyTorch's names of the running moments.
  var memory: [(name: String, tensor: Tensor)] {
    groups.flatMap { $0.named("exp_avg", $1) + $0.named("exp_avg_sq", $2) }
  }

  func resume(atStep step: Int) { steps = step }
}
