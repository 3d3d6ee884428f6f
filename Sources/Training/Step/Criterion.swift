import Recipe
import Torch

/// The mean loss of images, by their logits and what they are to be.
///
/// Images of a class may count more or less. The mean is over the images and not over their weights, so that any number of
/// workers comes to the same one.
struct Criterion {
  private let loss: Recipe.Loss
  private let smoothing: Double
  /// What each class counts, `[K]`; nil where all count alike.
  private let weights: Tensor?

  /// - Parameter weights: One for each class.
  init(_ recipe: Recipe, weights: [Double]?, on device: Device) {
    loss = recipe.loss
    smoothing = recipe.smoothing
    self.weights = weights.map { Tensor($0.map(Float.init), [$0.count]).moved(to: device) }
  }

  /// Of logits `[B, K]` and classes `[B]`, or distributions `[B, K]` that have the smoothing in them.
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
  /// Whether its targets are distributions, whatever is mixed.
  var takesDistributions: Bool { kind != .crossEntropy }
}
