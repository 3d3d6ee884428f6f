import Torch

/// Tokens in the row-major order of the map they came from.
///
/// `tokens` is `[B, H·W, C]`; the paper's blocks pass tokens on, its convolutions want the map.
struct FeatureMap {
  var tokens: Tensor
  let height: Int
  let width: Int

  /// `[B, H·W, C]` as `[B, C, H, W]`.
  var planes: Tensor {
    let shape = tokens.shape
    return tokens.transposed(1, 2).reshaped([shape[0], shape[2], height, width])
  }

  init(tokens: Tensor, height: Int, width: Int) {
    self.tokens = tokens
    self.height = height
    self.width = width
  }

  /// `[B, C, H, W]` as tokens.
  init(planes: Tensor) {
    let shape = planes.shape
    tokens = planes.flattened(from: 2).transposed(1, 2)
    height = shape[2]
    width = shape[3]
  }
}
