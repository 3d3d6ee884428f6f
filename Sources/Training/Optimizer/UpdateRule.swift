import Recipe
import Torch

/// The mathematics of an optimizer's update; it keeps no state itself.
protocol UpdateRule {
  /// The moments kept for each weight between steps, by PyTorch's names.
  var moments: [String] { get }
  /// Updates floats in host memory.
  func update(_ floats: FlatUpdate, decays: Bool, at scalars: UpdateScalars)
  /// Updates whole tensors with libtorch's kernels for their device; `moments` has a list for each name.
  ///
  /// - Parameter isFirst: Whether this is the weights' first update.
  func update(
    weights: [Tensor], gradients: [Tensor], moments: [[Tensor]], decays: Bool, isFirst: Bool,
    at numbers: UpdateNumbers, within limits: UpdateLimits)
}

/// The scalars of one update.
struct UpdateScalars {
  /// The number of earlier updates of these weights.
  var steps: Int
  var learningRate: Double
  /// The factor on every gradient.
  var gradientScale: Double
}

/// The numbers of an update that change from step to step, as a card reads them: uploaded with the step's
/// other inputs.
struct UpdateNumbers {
  /// The number of these weights' update, from 1, `[]`.
  let step: Tensor
  /// The learning rate, `[]`.
  let learningRate: Tensor
  /// The weight of the new weights in the running average, `[]`; 0 where there is no average.
  let averageShare: Tensor

  /// Packs the numbers of the run's update `number`, for each pace, into one host tensor.
  static func packed(_ paces: [Pace], number: Int, learningRate: Double, averageShare: Double) -> Tensor {
    let numbers = paces.flatMap { [Float(number - $0.start), Float(learningRate * $0.factor)] }
    return Tensor(numbers + [Float(averageShare)], [numbers.count + 1])
  }

  /// Views the numbers of each pace in the packed tensor, wherever it lies.
  static func unpacked(_ packed: Tensor) -> [UpdateNumbers] {
    let share = packed.selected(0, packed.count - 1)
    return stride(from: 0, to: packed.count - 1, by: 2).map {
      UpdateNumbers(
        step: packed.selected(0, $0), learningRate: packed.selected(0, $0 + 1), averageShare: share)
    }
  }
}

/// Makes the rule that a recipe names.
func updateRule(_ values: Recipe.Optimizer) -> any UpdateRule {
  switch values.kind {
  case .adamw: AdamW(values: values)
  case .sgd: SGD(values: values)
  case .lion: Lion(values: values)
  case .lamb: WholeParameters(values: values, rule: .lamb)
  case .cadamw: WholeParameters(values: values, rule: .cautious)
  case .muon: Muon(matrices: values)
  }
}

/// AdamW with decoupled weight decay (Loshchilov and Hutter 2019), as `torch.optim.AdamW` computes it.
struct AdamW: UpdateRule {
  let values: Recipe.Optimizer
  let moments = ["exp_avg", "exp_avg_sq"]

  func update(_ floats: FlatUpdate, decays: Bool, at scalars: UpdateScalars) {
    floats.adamW(
      scale: scalars.gradientScale, step: scalars.steps + 1, learningRate: scalars.learningRate,
      betas: (values.beta1, values.beta2), decay: decays ? values.weightDecay : 0, epsilon: values.epsilon)
  }

  func update(
    weights: [Tensor], gradients: [Tensor], moments: [[Tensor]], decays: Bool, isFirst: Bool,
    at numbers: UpdateNumbers, within limits: UpdateLimits
  ) {
    Torch.update(
      .adamW, weights: weights, gradients: gradients, means: moments[0], squares: moments[1],
      step: numbers.step,
      learningRate: numbers.learningRate, betas: (values.beta1, values.beta2),
      decay: decays ? values.weightDecay : 0, epsilon: values.epsilon, limits: limits)
  }
}

/// Stochastic gradient descent with Nesterov momentum, as timm's `sgd`.
struct SGD: UpdateRule {
  let values: Recipe.Optimizer
  let moments = ["momentum_buffer"]

  func update(_ floats: FlatUpdate, decays: Bool, at scalars: UpdateScalars) {
    floats.sgd(
      scale: scalars.gradientScale, learningRate: scalars.learningRate, momentum: values.momentum,
      decay: decays ? values.weightDecay : 0, isFirst: scalars.steps == 0)
  }

  func update(
    weights: [Tensor], gradients: [Tensor], moments: [[Tensor]], decays: Bool, isFirst: Bool,
    at numbers: UpdateNumbers, within limits: UpdateLimits
  ) {
    updateSGD(
      weights: weights, gradients: gradients, momenta: moments[0], learningRate: numbers.learningRate,
      momentum: values.momentum, decay: decays ? values.weightDecay : 0, isFirst: isFirst, limits: limits)
  }
}
