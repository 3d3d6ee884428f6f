public import Torch

/// How a forward pass runs: mode, randomness and precision are arguments, never ambient state.
public struct Pass {
  /// The type that matrix products and convolutions are computed in; sums, norms and the residual stay float32.
  public let products: DType
  /// Which branches of which pictures are left out; nil when evaluating.
  public let dropPath: DropPath?
  /// Which outputs are dropped; nil when none are.
  public let dropout: Dropout?

  /// A pass that trains.
  public static func training(
    _ dropPath: DropPath, dropout: Dropout? = nil, products: DType = .float32
  ) -> Pass {
    Pass(products: products, dropPath: dropPath, dropout: dropout)
  }

  /// A pass that evaluates.
  public static func evaluation(products: DType = .float32) -> Pass {
    Pass(products: products, dropPath: nil, dropout: nil)
  }

  /// `x` with the outputs dropped that this pass drops.
  func dropped(_ x: Tensor) -> Tensor { dropout?(x) ?? x }
}
