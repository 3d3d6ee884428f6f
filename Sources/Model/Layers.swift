import Torch

/// A fully connected layer, `[…, in]` → `[…, out]`.
struct Linear {
  private let weight: Tensor
  private let bias: Tensor

  init(_ scope: ParameterScope, _ inputs: Int, _ outputs: Int) {
    weight = scope.parameter("weight", [outputs, inputs], .normal(0.02))
    bias = scope.parameter("bias", [outputs], .constant(0))
  }

  var affine: Affine { Affine(weight, bias) }

  func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    let layer = product(pass)
    guard x.device == .cpu else { return cardLinear(x, layer.weight, layer.bias) }
    return linear(x.cast(to: pass.computeType), layer.weight, layer.bias)
  }

  /// The same, and what others that are given `x` too may take in its place: on a card it is cast once for all.
  func withInput(_ x: Tensor, _ pass: Pass) -> (Tensor, Tensor) {
    guard x.device != .cpu else { return (self(x, pass), x) }
    let layer = product(pass)
    return cardLinearAndInput(x, layer.weight, layer.bias)
  }

  /// As its products take it.
  func product(_ pass: Pass) -> Affine { Affine(pass.product(weight), pass.product(bias)) }

  /// Float32 logits `[B, K]` of features `[B, C]`.
  func logits(_ features: Tensor, _ pass: Pass) -> Tensor {
    guard pass.fuses(features) else { return self(features, pass).cast(to: .float32) }
    return linear(features, affine, pass.computeType)
  }
}

/// Layer normalisation over the channels, in float32.
struct LayerNorm {
  private let weight: Tensor
  private let bias: Tensor
  let epsilon: Double

  init(_ scope: ParameterScope, _ channels: Int, epsilon: Double) {
    weight = scope.parameter("weight", [channels], .constant(1))
    bias = scope.parameter("bias", [channels], .constant(0))
    self.epsilon = epsilon
  }

  var affine: Affine { Affine(weight, bias) }

  func callAsFunction(_ x: Tensor) -> Tensor {
    layerNorm(x.cast(to: .float32), weight, bias, epsilon: epsilon)
  }
}

/// A 2-D convolution `[B, C, H, W]` → `[B, out, H', W']`, by default initialised as in the reference:
/// variance `2 / fan-out`.
struct Convolution {
  private let weight: Tensor
  private let bias: Tensor
  private let stride: Int
  private let padding: Int
  private let groups: Int

  init(
    _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int, padding: Int = 0,
    groups: Int = 1, decays: Bool = true, variance: Double? = nil
  ) {
    let fanOut = kernel * kernel * outputs / groups
    let deviation = (variance ?? 2 / Double(fanOut)).squareRoot()
    weight = scope.parameter(
      "weight", [outputs, inputs / groups, kernel, kernel], .normal(deviation), decays: decays)
    bias = scope.parameter("bias", [outputs], .constant(0))
    self.stride = stride
    self.padding = padding
    self.groups = groups
  }

  var affine: Affine { Affine(weight, bias) }

  func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
    convolution(
      x.cast(to: pass.computeType), pass.product(weight), pass.product(bias), stride: stride,
      padding: padding, groups: groups)
  }
}

/// Tokens in the row-major order of the map they came from.
///
/// `tokens` is `[B, H·W, C]`: blocks pass tokens on, while convolutions need the map.
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
