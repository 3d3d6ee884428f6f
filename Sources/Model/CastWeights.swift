public import Torch

/// A network's weights already cast to the type of its products: leaves that receive the gradients.
public struct CastWeights {
  private let casts: [ObjectIdentifier: Tensor]

  /// Pairs weights, which the network keeps, with their casts, in the same order.
  public init(_ weights: [Tensor], as casts: [Tensor]) {
    self.casts = Dictionary(uniqueKeysWithValues: zip(weights.map(ObjectIdentifier.init), casts))
  }

  /// The cast of a weight.
  subscript(_ weight: Tensor) -> Tensor? { casts[ObjectIdentifier(weight)] }
}
