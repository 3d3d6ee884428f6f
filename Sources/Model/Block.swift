import Torch

/// The two-layer perceptron: C → r·C → C with an exact GELU between.
struct FeedForward {
  let expand: Linear
  let contract: Linear

  init(_ scope: ParameterScope, _ channels: Int, ratio: Int) {
    expand = Linear(scope["fc1"], channels, ratio * channels)
    contract = Linear(scope["fc2"], ratio * channels, channels)
  }

  /// `dropout` is the number of the first of its two dropouts in a pass.
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

  /// Whether the attention can be part of a fused operation.
  func canFuse(_ map: FeatureMap) -> Bool {
    switch self {
    case .local(let attention): attention.canFuse
    case .global(let attention): attention.canFuse(map)
    }
  }

  /// The block half with this attention, as one operation.
  func fused(_ half: BlockHalf, _ map: FeatureMap) -> Tensor {
    switch self {
    case .local(let attention): attention.fused(half, map)
    case .global(let attention): attention.fused(half, map)
    }
  }
}

/// A residual branch of a block: its norm, and how often training drops it for an image.
struct ResidualBranch {
  /// The number among all branches of the network.
  let number: Int
  let dropRate: Double
  let norm: LayerNorm

  /// `tokens + branch(norm(tokens))`, without the branch for images that drop it.
  ///
  /// On a card the branch may be a view of a map's tokens other than `[B, N, C]`, in their order.
  func callAsFunction(_ tokens: Tensor, _ pass: Pass, _ branch: (Tensor) -> Tensor) -> Tensor {
    let added = branch(norm(tokens))
    guard tokens.device == .cpu else {
      let sum = cardResidual(tokens.reshaped(added.shape), added, factors: factors(pass))
      return sum.reshaped(tokens.shape)
    }
    return tokens + (dropPath(pass)?(added, number) ?? added)
  }

  /// The factors of the branches of a pass's images; nil if none is dropped.
  func factors(_ pass: Pass) -> Tensor? { dropPath(pass)?.factors(number) }

  /// The same branch, to be computed as one operation.
  func half(_ tokens: Tensor, _ pass: Pass) -> BlockHalf {
    BlockHalf(
      tokens, norm: norm.affine, epsilon: norm.epsilon, factors: factors(pass), pass.computeType)
  }

  private func dropPath(_ pass: Pass) -> DropPath? { dropRate > 0 ? pass.dropPath : nil }
}

/// The second half of a block, `x += feedForward(norm(x))`.
struct FeedForwardHalf {
  let branch: ResidualBranch
  private let feedForward: FeedForward
  /// The number of the first of its two dropouts in a pass.
  private let dropout: Int

  init(
    _ scope: ParameterScope, _ channels: Int, ratio: Int, number: Int, dropRate: Double, dropout: Int
  ) {
    let norm = LayerNorm(scope["norm2"], channels, epsilon: 1e-6)
    branch = ResidualBranch(number: number, dropRate: dropRate, norm: norm)
    feedForward = FeedForward(scope["mlp"], channels, ratio: ratio)
    self.dropout = dropout
  }

  /// Computes the half.
  ///
  /// - Parameter isRead: Whether the result's values are needed, not only its gradients.
  func callAsFunction(_ tokens: Tensor, _ pass: Pass, isRead: Bool = true) -> Tensor {
    guard !pass.fusesHalf(tokens) else {
      return branch.half(tokens, pass).feedForward(
        expand: feedForward.expand.affine, contract: feedForward.contract.affine, isRead: isRead)
    }
    guard tokens.device == .cpu || pass.dropout != nil else {
      return cardFeedForward(
        tokens, branch.norm(tokens), expand: feedForward.expand.product(pass),
        contract: feedForward.contract.product(pass), factors: branch.factors(pass))
    }
    return branch(tokens, pass) { feedForward($0, pass, dropout: dropout) }
  }

  /// The half of `tokens + factor · added` on a card with kernels of our own; the branch may be a view of a map's tokens.
  func callAsFunction(_ tokens: Tensor, adding added: Tensor, factors: Tensor?, _ pass: Pass) -> Tensor {
    let (sum, normed) = cardNorm(
      tokens.reshaped(added.shape), adding: added, factors: factors, branch.norm.affine,
      epsilon: branch.norm.epsilon, in: pass.computeType)
    return cardFeedForward(
      sum.reshaped(tokens.shape), normed.reshaped(tokens.shape), expand: feedForward.expand.product(pass),
      contract: feedForward.contract.product(pass), factors: branch.factors(pass))
  }
}

/// One block: `x += attention(norm(x))`, then `x += feedForward(norm(x))`, each branch dropped at `dropRate`.
///
/// Each half is one function of the map, so that one kernel can replace it.
struct Block {
  let dropRate: Double
  /// The number of the first of its three dropouts in a pass.
  let dropout: Int
  let branch: ResidualBranch
  let attention: Attention
  let feedForward: FeedForwardHalf
  private let recomputation: BlockRecomputation

  /// Makes block `position` of a stage: local attention at even positions, global at odd ones and everywhere
  /// in PCPVT.
  ///
  /// - Parameter keepsAll: Whether the block is never recomputed in the backward pass.
  init(
    _ scope: ParameterScope, _ stage: TwinsConfiguration.Stage, position: Int, number: Int, dropRate: Double,
    dropout: Int, keepsAll: Bool
  ) {
    self.dropRate = dropRate
    self.dropout = dropout
    let norm = LayerNorm(scope["norm1"], stage.channels, epsilon: 1e-6)
    branch = ResidualBranch(number: 2 * number, dropRate: dropRate, norm: norm)
    if let window = stage.window, position.isMultiple(of: 2) {
      attention = .local(
        LocallyGroupedAttention(scope["attn"], stage.channels, heads: stage.heads, window: window))
    } else {
      attention = .global(
        GlobalSubsampledAttention(
          scope["attn"], stage.channels, heads: stage.heads, reduction: stage.reduction))
    }
    feedForward = FeedForwardHalf(
      scope, stage.channels, ratio: stage.expansion, number: 2 * number + 1, dropRate: dropRate,
      dropout: dropout + 1)
    recomputation = BlockRecomputation(weights: scope.tensors, isLeftOut: keepsAll)
  }

  func callAsFunction(_ map: FeatureMap, _ pass: Pass) -> FeatureMap {
    let (height, width) = (map.height, map.width)
    let tokens = recomputation(map.tokens, pass) { tokens, isRead in
      if pass.dropout == nil, CardKernels.takeNorm(of: tokens, in: pass.computeType) {
        return byCardKernels(FeatureMap(tokens: tokens, height: height, width: width), pass)
      }
      let attended = attentionHalf(FeatureMap(tokens: tokens, height: height, width: width), pass)
      return feedForward(attended, pass, isRead: isRead)
    }
    return FeatureMap(tokens: tokens, height: height, width: width)
  }

  /// Norms by kernels of our own: the first reads the residual stream, the second also adds the attention to it.
  private func byCardKernels(_ map: FeatureMap, _ pass: Pass) -> Tensor {
    let (tokens, normed) = cardNorm(
      map.tokens, branch.norm.affine, epsilon: branch.norm.epsilon, in: pass.computeType)
    let added = attention(FeatureMap(tokens: normed, height: map.height, width: map.width), pass)
    return feedForward(tokens, adding: added, factors: branch.factors(pass), pass)
  }

  private func attentionHalf(_ map: FeatureMap, _ pass: Pass) -> Tensor {
    if pass.fusesHalf(map.tokens), attention.canFuse(map) {
      return attention.fused(branch.half(map.tokens, pass), map)
    }
    return branch(map.tokens, pass) { normal in
      let normal = FeatureMap(tokens: normal, height: map.height, width: map.width)
      return pass.dropped(attention(normal, pass), dropout)
    }
  }
}
