import Torch

/// Cuts the map into k×k patches and embeds each: a convolution of stride k, then a norm (ε 1e-5).
struct PatchEmbedding {
  private let projection: Convolution
  let norm: LayerNorm

  init(_ scope: ParameterScope, _ inputs: Int, _ channels: Int, patch: Int) {
    projection = Convolution(scope["proj"], inputs, channels, kernel: patch, stride: patch)
    norm = LayerNorm(scope["norm"], channels, epsilon: 1e-5)
  }

  func callAsFunction(_ planes: Tensor, _ pass: Pass) -> FeatureMap {
    var map = FeatureMap(planes: projection(planes, pass))
    map.tokens = norm(map.tokens)
    return map
  }
}

/// The positional encoding generator (PEG) of CPVT: a depthwise 3×3 convolution, added to its input.
struct PositionalEncodingGenerator {
  private let projection: Convolution

  init(_ scope: ParameterScope, _ channels: Int) {
    projection = Convolution(
      scope["proj"][0], channels, channels, kernel: 3, stride: 1, padding: 1, groups: channels, decays: false)
  }

  func callAsFunction(_ map: FeatureMap, _ pass: Pass) -> FeatureMap {
    let planes = map.planes
    return FeatureMap(planes: projection(planes, pass) + planes)
  }
}
