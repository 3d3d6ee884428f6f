import Torch

/// Global sub-sampled attention (GSA): every token attends to a summary of the map, reduced r-fold in each
/// direction (Twins, phase 3.2).
///
/// B batch, N = H·W tokens, C channels, n heads, d = C/n, M = N/r² summary tokens.
struct GlobalSubsampledAttention {
  private let q: Linear
  private let kv: Linear
  private let projection: Linear
  let spatialReduction: SpatialReduction?
  private let heads: Int
  private let takesHeads: Bool

  /// The convolution of stride r and its norm (ε 1e-5); absent when r is 1.
  struct SpatialReduction {
    let convolution: Convolution
    let norm: LayerNorm
    let reduction: Int

    var fused: BlockHalf.Summary {
      BlockHalf.Summary(
        convolution: convolution.affine, norm: norm.affine, epsilon: norm.epsilon, reduction: reduction)
    }
  }

  init(_ scope: ParameterScope, _ channels: Int, heads: Int, reduction: Int) {
    q = Linear(scope["q"], channels, channels)
    kv = Linear(scope["kv"], channels, 2 * channels)
    projection = Linear(scope["proj"], channels, channels)
    self.heads = heads
    takesHeads = Kernels.take(channels: channels, heads: heads)
    spatialReduction =
      reduction == 1
      ? nil
      : SpatialReduction(
        convolution: Convolution(scope["sr"], channels, channels, kernel: reduction, stride: reduction),
        norm: LayerNorm(scope["norm"], channels, epsilon: 1e-5), reduction: reduction)
  }

  /// Whether it can be part of a fused operation: the kernel's memory grows with the square of the summary,
  /// which at 1,024 tokens (images of 1,024² pixels) is as large as a few maps.
  func canFuse(_ map: FeatureMap) -> Bool {
    let reduction = spatialReduction?.reduction ?? 1
    let (down, across) = (map.height / reduction, map.width / reduction)
    return takesHeads && (1...1024).contains(down * across)
  }

  func fused(_ half: BlockHalf, _ map: FeatureMap) -> Tensor {
    half.globalAttention(
      height: map.height, width: map.width, q: q.affine, kv: kv.affine, projection: projection.affine,
      heads: heads, summary: spatialReduction?.fused)
  }

  func callAsFunction(_ map: FeatureMap, _ pass: Pass) -> Tensor {
    let shape = map.tokens.shape
    let (B, N, C) = (shape[0], shape[1], shape[2])
    func split(_ packed: Tensor) -> Tensor {
      packed.reshaped([B, -1, heads, C / heads]).transposed(1, 2)  // [B, n, N, d]
    }
    let (queries, tokens) = q.withInput(map.tokens, pass)
    let map = FeatureMap(tokens: tokens, height: map.height, width: map.width)
    // On the CPU always in float32: in bfloat16 its fused kernel takes three times as long in the backward
    // pass.
    let type = map.tokens.device == .cpu ? .float32 : pass.computeType
    let packed = kv(reduced(map, pass), pass).cast(to: type).split(2, along: -1).map(split)
    let mixed = pass.attention(split(queries.cast(to: type)), packed[0], packed[1], to: summaries(map))
    return projection(mixed.transposed(1, 2).reshaped([B, N, C]), pass)
  }

  private func summaries(_ map: FeatureMap) -> AttendedPlaces {
    let r = spatialReduction?.reduction ?? 1
    return .summaries(r: r, height: map.height / r, width: map.width / r)
  }

  private func reduced(_ map: FeatureMap, _ pass: Pass) -> Tensor {
    guard let spatialReduction else { return map.tokens }
    return spatialReduction.norm(FeatureMap(planes: spatialReduction.convolution(map.planes, pass)).tokens)
  }
}
