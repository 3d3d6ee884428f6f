import Torch

/// The two-layer perceptron: C → r·C → C with an exact GELU between.
struct FeedForward {
  private let expand: Linear
  private let contract: Linear

  init(_ scope: ParameterScope, _ channels: Int, ratio: Int) {
    expand = Linear(scope["fc1"], channels, ratio * channels)
    contract = Linear(scope["fc2"], ratio * channels, channels)
  }

  /// Its first dropout of the pass is number `dropout`, its second the next.
  func callAsFunction(_ tokens: Tensor, _ pass: Pass, dropout: Int) -> Tensor {
    let expanded = pass.dropped(gelu(expand(tokens, pass)), dropout)
    return pass.dropped(contract(expanded, pass), dropout + 1)
  }
}

/// The two kinds of attention that alternate in a stage.
enum Attention {
  case local(LocallyGroupedAttention)
  case global(GlobalSubsampledAttention)

  func callAsFunction(_ map: FeatureMap, _ pass: Pass) -> Tensor {
    switch self {
    case .local(let attention): attention(map, pass)
    case .global(let attention): attention(map, pass)
    }
  }
}

/// One block: `x += attention(norm(x))`, then `x += feedForward(norm(x))`, each branch dropped at `dropRate`.
///
/// Each half is one function of the map, so that one kernel can take its place.
struct Block {
  let number: Int
  let dropRate: Double
  /// The number of its first dropout, of three, among those of a pass.
  let dropout: Int
  let norm1: LayerNorm
  let attention: Attention
  let norm2: LayerNorm
  private let feedForward: FeedForward

  /// Block `position` of a stage: local attention at even positions, global at odd ones and everywhere in PCPVT.
  init(
    _ scope: ParameterScope, _ stage: TwinsConfiguration.Stage, position: Int, number: Int, dropRate: Double,
    dropout: Int
  ) {
    self.number = number
    self.dropRate = dropRate
    self.dropout = dropout
    norm1 = LayerNorm(scope["norm1"], stage.channels, epsilon: 1e-6)
    if let window = stage.window, position.isMultiple(of: 2) {
      attention = .local(
        LocallyGroupedAttention(scope["attn"], stage.channels, heads: stage.heads, window: window))
    } else {
      attention = .global(
        GlobalSubsampledAttention(
          scope["attn"], stage.channels, heads: stage.heads, reduction: stage.reduction))
    }
    norm2 = LayerNorm(scope["norm2"], stage.channels, epsilon: 1e-6)
    feedForward = FeedForward(scope["mlp"], stage.channels, ratio: stage.expansion)
  }

  func callAsFunction(_ map: FeatureMap, _ pass: Pass) -> FeatureMap {
    var map = map
    map.tokens = map.tokens + dropped(attentionHalf(map, pass), 2 * number, pass)
    map.tokens = map.tokens + dropped(feedForwardHalf(map, pass), 2 * number + 1, pass)
    return map
  }

  private func attentionHalf(_ map: FeatureMap, _ pass: Pass) -> Tensor {
    let normal = FeatureMap(tokens: norm1(map.tokens), height: map.height, width: map.width)
    return pass.dropped(attention(normal, pass), dropout)
  }

  private func feedForwardHalf(_ map: FeatureMap, _ pass: Pass) -> Tensor {
    feedForward(norm2(map.tokens), pass, dropout: dropout + 1)
  }

  private func dropped(_ branch: Tensor, _ branchNumber: Int, _ pass: Pass) -> Tensor {
    guard let dropPath = pass.dropPath, dropRate > 0 else { return branch }
    return dropPath(branch, branchNumber)
  }
}
