public import Model
public import Recipe
import Torch

/// A trained network whose outputs for the same images another network learns from (distillation).
///
/// Source: `losses.py` of DeiT (Touvron et al. 2021).
public struct Teacher {
  private let network: any Network
  private let values: Recipe.Distillation
  private let pass: Pass

  /// Makes a teacher.
  ///
  /// - Parameter network: The teacher's network, on the device of the one that learns; its weights do not
  ///   change.
  public init(_ network: any Network, _ recipe: Recipe) {
    self.network = network
    values = recipe.distillation
    pass = .evaluation(computeType: recipe.computeType, kernels: recipe.kernels)
  }

  /// Combines a loss with the distillation loss of logits `[B, K]` for normalised images `[B, 3, S, S]`.
  func joined(_ loss: Tensor, of answers: Tensor, to images: Tensor) -> Tensor {
    let known = withoutGradients { network(images, pass) }
    let own =
      values.kind == .soft
      ? distillationLoss(answers, known, temperature: values.temperature)
      : crossEntropy(answers, known.topIndices(1).reshaped([known.shape[0]]))
    return loss.scaled(by: 1 - values.share) + own.scaled(by: values.share)
  }
}
