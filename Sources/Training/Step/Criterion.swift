import Recipe
import Torch

/// The mean loss over images, from their logits and targets.
///
/// Classes may have weights. The mean divides by the number of images, not by the sum of their weights, so
/// that it does not depend on the number of workers.
struct Criterion {
  private let loss: Recipe.Loss
  private let smoothing: Double
  /// The weight of each class, `[K]`; nil weighs all alike.
  private let weights: Tensor?

  /// Makes the recipe's loss.
  ///
  /// - Parameter weights: One weight per class; nil weighs all alike.
  init(_ recipe: Recipe, weights: [Double]?, on device: Device) {
    loss = recipe.loss
    smoothing = recipe.smoothing
    self.weights = weights.map { Tensor($0.map(Float.init), [$0.count]).moved(to: device) }
  }

  /// The loss of logits `[B, K]` for classes `[B]`, or for distributions `[B, K]` that already include label
  /// smoothing.
  func callAsFunction(_ logits: Tensor, _ targets: Tensor) -> Tensor {
    switch loss.kind {
    case .crossEntropy:
      let smoothing = targets.shape.count == 1 ? smoothing : 0
      guard let weights else { return crossEntropy(logits, targets, smoothing: smoothing) }
      return crossEntropy(logits, targets, weights: weights, smoothing: smoothing, reduction: .sum)
        .scaled(by: 1 / Double(logits.shape[0]))
    case .binary: return binaryCrossEntropy(logits, targets, weights: weights)
    case .focal: return focalLoss(logits, targets, weights: weights, gamma: loss.gamma)
    }
  }
}

extension Recipe.Loss {
  /// Whether targets are distributions even where nothing is mixed.
  var takesDistributions: Bool { kind != .crossEntropy }
}
