public import Model
public import Recipe
import Torch

/// A network that knows the classes already, and from whose answers to the same images another one learns.
///
/// Source: `losses.py` of DeiT (Touvron et al. 2021).
public struct Teacher {
  private let network: any Network
  private let values: Recipe.Distillation
  private let pass: Pass

  /// - Parameter network: On the device of the one that learns; its weights stay.
  public init(_ network: any Network, _ recipe: Recipe) {
    self.network = network
    values = recipe.distillation
    pass = .evaluation(computeType: recipe.computeType, kernels: recipe.kernels)
  }

  /// A loss without a teacher, and in part what the answers `[B, K]` to normalised images `[B, 3, S, S]` lack of its own.
  func joined(_ loss: Tensor, of answers: Tensor, to images: Tensor) -> Tensor {
    let known = withoutGradients { network(images, pass) }
    let own =
      values.kind == .soft
      ? distillationLoss(answers, known, temperature: values.temperature)
      : crossEntropy(answers, known.topIndices(1).reshaped([known.shape[0]]))
    return loss.scaled(by: 1 - values.share) + own.scaled(by: values.share)
  }
}
