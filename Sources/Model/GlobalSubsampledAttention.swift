import Torch

/// Global sub-sampled attention (GSA): every token attends to an r×r-fold summary of the map (Twins, section 3.2).
///
/// B batch, N = H·W tokens, C channels, n heads, d = C/n, M = N/r² summary tokens.
struct GlobalSubsampledAttention {
  private let q: Linear
  private let kv: Linear
  private let projection: Linear
  let summary: Summary?
  private let heads: Int

  /// The convolution of stride r and its norm (ε 1e-5); there is none when r is 1.
  struct Summary {
    let convolution: Convolution
    let norm: LayerNorm
  }

  init(_ scope: ParameterScope, _ channels: Int, heads: Int, reduction: Int) {
    q = Linear(scope["q"], channels, channels)
    kv = Linear(scope["kv"], channels, 2 * channels)
    projection = Linear(scope["proj"], channels, channels)
    self.heads = heads
    summary =
      reduction == 1
      ? nil
      : Summary(
        convolution: Convolution(scope["sr"], channels, channels, kernel: reduction, stride: reduction),
        norm: LayerNorm(scope["norm"], channels, epsilon: 1e-5))
  }

  func callAsFunction(_ map: FeatureMap, _ pass: Pass) -> Tensor {
    let shape = map.tokens.shape
    let (B, N, C) = (shape[0], shape[1], shape[2])
    let queries = q(map.tokens, pass).reshaped([B, N, heads, C / heads]).transposed(1, 2)  // [B, n, N, d]
    // In float32 whatever the products are: libtorch's fused kernel takes three times as long backward in bfloat16.
    let packed = kv(summarized(map, pass), pass).cast(to: .float32)
      .reshaped([B, -1, 2, heads, C / heads]).permuted([2, 0, 3, 1, 4])  // [2, B, n, M, d]
    let mixed = attention(queries.cast(to: .float32), packed.selected(0, 0), packed.selected(0, 1))
    return pass.dropped(projection(mixed.transposed(1, 2).reshaped([B, N, C]), pass))
  }

  private func summarized(_ map: FeatureMap, _ pass: Pass) -> Tensor {
    guard let summary else { return map.tokens }
    return summary.norm(FeatureMap(planes: summary.convolution(map.planes, pass)).tokens)
  }
}
