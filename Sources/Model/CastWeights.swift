public import Torch

/// A network's weights in the type of its products, which lie ready for passes: leaves that get the gradients.
public struct CastWeights {
  private let casts: [ObjectIdentifier: Tensor]

  /// Of some weights, which are kept by the network, in the same order.
  public init(_ weights: [Tensor], as casts: [Tensor]) {
    self.casts = Dictionary(uniqueKeysWithValues: zip(weights.map(ObjectIdentifier.init), casts))
  }

  /// What takes a weight's place.
  subscript(_ weight: Tensor) -> Tensor? { casts[ObjectIdentifier(weight)] }
}
