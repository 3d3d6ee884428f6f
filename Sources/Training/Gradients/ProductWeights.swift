import Model
import Torch

/// A card's weights in the type of its products, written in one pass for all products of a step.
///
/// Each is a leaf beside the weight that it is cast from, and gets that one's gradient: so no product casts a weight, and
/// no gradient is cast by itself.
struct ProductWeights {
  private let weights: FlatState
  private let casts: FlatState
  /// A leaf for each parameter, whether products use it or not.
  let leaves: [Tensor]

  /// Nothing lies ready before `refresh`.
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

  /// Has those leaves alone ask for gradients whose weights learn.
  func learn(as flat: FlatParameters) {
    for (leaf, place) in zip(leaves, flat.layout.places) { leaf.requireGradient(place.pace != nil) }
  }

  /// Casts the weights as they are now.
  func refresh() { casts.tensor.copy(from: weights.tensor) }
}
