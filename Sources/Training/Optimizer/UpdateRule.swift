import Recipe
import Torch

/// How weights move along their gradients: the maths of an optimizer, which remembers nothing itself.
protocol UpdateRule {
  /// What is remembered for each weight between steps, by PyTorch's names.
  var moments: [String] { get }
  /// Moves floats in host memory.
  func update(_ floats: FlatUpdate, decays: Bool, at moment: UpdateMoment)
  /// Moves whole tensors, by libtorch's fused kernel of their device; `moments` has a list for each name.
  func update(
    weights: [Tensor], gradients: [Tensor], moments: [[Tensor]], decays: Bool, at moment: UpdateMoment)
}

/// When an update is made, and how far it goes.
struct UpdateMoment {
  /// Updates made before.
  var steps: Int
  var learningRate: Double
  /// What every gradient is multiplied by first.
  var gradientScale: Double
}

/// The rule that a recipe names.
func updateRule(_ values: Recipe.Optimizer) -> any UpdateRule {
  switch values.kind {
  case .adamw: AdamW(values: values)
  case .sgd: SGD(values: values)
  }
}
