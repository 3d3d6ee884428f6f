import Recipe
import Torch

/// How weights move along their gradients: the maths of an optimizer, which remembers nothing itself.
protocol UpdateRule {
  /// What is remembered for each weight between steps, by PyTorch's names.
  var moments: [String] { get }
  /// Moves floats in host memory.
  func update(_ floats: FlatUpdate, decays: Bool, at scalars: UpdateScalars)
  /// Moves whole tensors, by libtorch's fused kernel of their device; `moments` has a list for each name.
  ///
  /// - Parameter isFirst: Whether it is these weights' first update.
  func update(
    weights: [Tensor], gradients: [Tensor], moments: [[Tensor]], decays: Bool, isFirst: Bool,
    at numbers: UpdateNumbers, within limits: UpdateLimits)
}

/// When an update is made, and how far it goes.
struct UpdateScalars {
  /// Updates of these weights made before.
  var steps: Int
  var learningRate: Double
  /// What every gradient is multiplied by first.
  var gradientScale: Double
}

/// What of an update changes from one to the next, as a card reads it: uploaded with the step's other inputs.
struct UpdateNumbers {
  /// The number of these weights' update, from 1, `[]`.
  let step: Tensor
  /// `[]`
  let learningRate: Tensor
  /// How far the average moves towards the weights, `[]`; 0 where there is none.
  let averageShare: Tensor

  /// The numbers of update `number` of the run for weights of each pace, in one tensor of the host.
  static func packed(_ paces: [Pace], number: Int, learningRate: Double, averageShare: Double) -> Tensor {
    let numbers = paces.flatMap { [Float(number - $0.start), Float(learningRate * $0.factor)] }
    return Tensor(numbers + [Float(averageShare)], [numbers.count + 1])
  }

  /// What was packed, where it lies now: for each pace.
  static func unpacked(_ packed: Tensor) -> [UpdateNumbers] {
    let share = packed.selected(0, packed.count - 1)
    return stride(from: 0, to: packed.count - 1, by: 2).map {
      UpdateNumbers(
        step: packed.selected(0, $0), learningRate: packed.selected(0, $0 + 1), averageShare: share)
    }
  }
}

/// The rule that a recipe names.
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

/// Stochastic gradient descent with Nesterov's momentum, as timm's `sgd`.
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
