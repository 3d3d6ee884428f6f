import Model
import Torch

/// A card's weights in the type of its matrix products, cast in one pass for all products of a step.
///
/// Each cast weight is an autograd leaf that gets the gradient in place of the weight it was cast from. So no
/// product casts a weight, and no gradient is cast separately.
struct ProductWeights {
  private let weights: FlatState
  private let casts: FlatState
  /// A leaf for each parameter, whether products use it or not.
  let leaves: [Tensor]

  /// Allocates the leaves, whose values are undefined until `refresh()`.
  init(_ flat: FlatParameters, _ type: DType) {
    weights = flat.weights
    casts = FlatState(
      Tensor.zeros([flat.layout.count], type, on: flat.device), flat.layout, shapes: flat.shapes)
    leaves = casts.parts.map { place in
      let leaf = Tensor.empty(place.shape, type, on: flat.device)
      leaf.requireGradient()
      leaf.move(into: place)
      return leaf
    }
    learn(as: flat)
  }

  /// Makes exactly those leaves require gradients whose parameters learn.
  func learn(as flat: FlatParameters) {
    for (leaf, place) in zip(leaves, flat.layout.places) { leaf.requireGradient(place.pace != nil) }
  }

  /// Casts the current weights.
  func refresh() { casts.tensor.copy(from: weights.tensor) }
}
