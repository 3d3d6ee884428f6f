public import Recipe
public import Torch

/// AdamW with decoupled weight decay (Loshchilov and Hutter 2019), as `torch.optim.AdamW` computes it.
///
/// Parameters that do not decay (biases, norms, the positional encodings) form a group of their own, as in timm.
public final class AdamW {
  private let groups: [Group]
  private let values: Recipe.Optimizer

  /// Updates made so far.
  public private(set) var steps = 0

  /// Parameters that share a decay, with their running moments.
  private struct Group {
    let parameters: [Parameter]
    let means: [Tensor]
    let squares: [Tensor]
    let decay: Double

    init(_ parameters: [Parameter], decay: Double) {
      self.parameters = parameters
      means = parameters.map { Tensor.zeros($0.tensor.shape, on: $0.tensor.device) }
      squares = parameters.map { Tensor.zeros($0.tensor.shape, on: $0.tensor.device) }
      self.decay = decay
    }
  }

  /// An optimizer at step 0 for these parameters.
  public init(_ parameters: [Parameter], _ values: Recipe.Optimizer) {
    self.values = values
    groups = [
      Group(parameters.filter { !$0.decays }, decay: 0),
      Group(parameters.filter(\.decays), decay: values.weightDecay),
    ]
  }

  /// Moves every parameter by one step along its gradient.
  public func update(learningRate: Double) {
    steps += 1
    for group in groups {
      updateAdamW(
        weights: group.parameters.map(\.tensor), gradients: group.parameters.map(\.tensor.gradient),
        means: group.means, squares: group.squares, step: steps, learningRate: learningRate,
        betas: (values.beta1, values.beta2), decay: group.decay, epsilon: values.epsilon)
    }
  }

  /// The running moments by key, `exp_avg.<name>` and `exp_avg_sq.<name>`: what a checkpoint holds of the optimizer.
  public var moments: [(name: String, tensor: Tensor)] {
    groups.flatMap { group in
      zip(group.parameters, zip(group.means, group.squares)).flatMap { parameter, moments in
        [("exp_avg." + parameter.name, moments.0), ("exp_avg_sq." + parameter.name, moments.1)]
      }
    }
  }

  /// Continues from a checkpoint whose moments have been copied into `moments`.
  public func resume(atStep step: Int) { steps = step }
}
