import Torch

/// The two-layer perceptron: C → r·C → C with an exact GELU between.
struct FeedForward {
  let expand: Linear
  let contract: Linear

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

  /// Whether it can be part of one operation.
  func canFuse(_ map: FeatureMap) -> Bool {
    switch self {
    case .local(let attention): attention.canFuse
    case .global(let attention): attention.canFuse(map)
    }
  }

  /// The half of a block that it is part of, as one operation.
  func fused(_ half: BlockHalf, _ map: FeatureMap) -> Tensor {
    switch self {
    case .local(let attention): attention.fused(half, map)
    case .global(let attention): attention.fused(half, map)
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
    map.tokens = attentionHalf(map, pass)
    map.tokens = feedForwardHalf(map.tokens, pass)
    return map
  }

  private func attentionHalf(_ map: FeatureMap, _ pass: Pass) -> Tensor {
    if pass.fusesHalf(map.tokens), attention.canFuse(map) {
      return attention.fused(half(map.tokens, norm1, 0, pass), map)
    }
    let normal = FeatureMap(tokens: norm1(map.tokens), height: map.height, width: map.width)
    let branch = pass.dropped(attention(normal, pass), dropout)
    return map.tokens + (dropPath(pass)?(branch, 2 * number) ?? branch)
  }

  private func feedForwardHalf(_ tokens: Tensor, _ pass: Pass) -> Tensor {
    if pass.fusesHalf(tokens) {
      return half(tokens, norm2, 1, pass).feedForward(
        expand: feedForward.expand.affine, contract: feedForward.contract.affine)
    }
    let branch = feedForward(norm2(tokens), pass, dropout: dropout + 1)
    return tokens + (dropPath(pass)?(branch, 2 * number + 1) ?? branch)
  }

  /// Branch 0 or 1 of the block, to be computed as one operation.
  private func half(_ tokens: Tensor, _ norm: LayerNorm, _ branch: Int, _ pass: Pass) -> BlockHalf {
    BlockHalf(
      tokens, norm: norm.affine, epsilon: norm.epsilon, factors: dropPath(pass)?.factors(2 * number + branch),
      pass.computeType)
  }

  private func dropPath(_ pass: Pass) -> DropPath? { dropRate > 0 ? pass.dropPath : nil }
}
