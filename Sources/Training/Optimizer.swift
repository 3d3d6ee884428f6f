public import Recipe
public import Torch

/// A rule that moves weights along their gradients, with what it remembers between steps.
public protocol Optimizer: AnyObject {
  /// Updates made so far.
  var steps: Int { get }

  /// Moves every parameter by one step along its gradient.
  func update(learningRate: Double)

  /// What the rule remembers, by key: `<what>.<parameter>`. A checkpoint holds it.
  var memory: [(name: String, tensor: Tensor)] { get }

  /// Continues from a checkpoint whose tensors have been copied into `memory`.
  func resume(atStep step: Int)
}

/// The optimizer that a recipe names.
public func makeOptimizer(_ parameters: [Parameter], _ values: Recipe.Optimizer) -> any Optimizer {
  switch values.kind {
  case .adamw: AdamW(parameters, values)
  case .sgd: SGD(parameters, values)
  }
}

/// Parameters that share a weight decay.
///
/// Those that do not decay (biases, norms, the positional encodings) form a group of their own, as in timm.
struct ParameterGroup {
  let parameters: [Parameter]
  let decay: Double

  var weights: [Tensor] { parameters.map(\.tensor) }
  var gradients: [Tensor] { parameters.map(\.tensor.gradient) }

  /// Zeros of the parameters' shapes, for what an optimizer remembers.
  func zeros() -> [Tensor] { parameters.map { Tensor.zeros($0.tensor.shape, on: $0.tensor.device) } }

  /// Tensors that belong to the parameters, under their names.
  func named(_ what: String, _ tensors: [Tensor]) -> [(name: String, tensor: Tensor)] {
    zip(parameters, tensors).map { (what + "." + $0.name, $1) }
  }

  /// The groups of a network: without decay, and with.
  static func split(_ parameters: [Parameter], decay: Double) -> [ParameterGroup] {
    [
      ParameterGroup(parameters: parameters.filter { !$0.decays }, decay: 0),
      ParameterGroup(parameters: parameters.filter(\.decays), decay: decay),
    ]
  }
}
