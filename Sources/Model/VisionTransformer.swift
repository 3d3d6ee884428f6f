public import Torch

/// A vision transformer (Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words") in the sizes of DeiT
/// (Touvron et al. 2021, "Training data-efficient image transformers & distillation through attention").
///
/// Keys, order and maths equal timm's `vision_transformer.py` and `deit.py`.
///
/// B batch, N patches, T tokens in front of them, C channels, n heads, d = C/n, K classes.
public struct VisionTransformer: Network {
  private let embedding: Convolution
  /// The class token `[1, 1, C]`, and the distillation token if there is one.
  let front: [Tensor]
  /// The position embeddings of all tokens, `[1, T + N, C]`.
  private let positions: Tensor
  private let blocks: [EncoderBlock]
  private let norm: LayerNorm
  /// One head per front token.
  private let heads: [Linear]
  let shape: Shape

  /// Every weight with its key, in timm's order.
  public let parameters: [Parameter]

  /// The number of classes.
  public let classes: Int

  /// The sizes of one member of the family.
  public struct Shape: Equatable, Sendable {
    /// Side of the square patches.
    public var patch = 16
    /// Channels of a token.
    public var channels: Int
    /// Attention heads.
    public var heads: Int
    /// The number of blocks.
    public var depth = 12
    /// Whether a second token, with its own head, learns from a teacher.
    public var isDistilled = false

    /// Makes DeiT's shape with this width and number of heads.
    public init(channels: Int, heads: Int, isDistilled: Bool = false) {
      (self.channels, self.heads) = (channels, heads)
      self.isDistilled = isDistilled
    }

    /// The shape for timm's name of a network; nil for an unknown name.
    public static func named(_ name: String) -> Shape? { table[name] }

    private static let table: [String: Shape] = [
      "deit_tiny_patch16_224": Shape(channels: 192, heads: 3),
      "deit_small_patch16_224": Shape(channels: 384, heads: 6),
      "deit_base_patch16_224": Shape(channels: 768, heads: 12),
      "deit_tiny_distilled_patch16_224": Shape(channels: 192, heads: 3, isDistilled: true),
      "deit_small_distilled_patch16_224": Shape(channels: 384, heads: 6, isDistilled: true),
      "deit_base_distilled_patch16_224": Shape(channels: 768, heads: 12, isDistilled: true),
    ]
  }

  /// Makes a network for `classes` classes and square images of `side` pixels, with weights drawn from
  /// `seed`.
  ///
  /// `dropPath` is the highest drop-path rate: block i of n gets i / (n - 1) of it.
  public init(
    _ shape: Shape, side: Int, classes: Int, dropPath: Double = 0, seed: UInt64 = 0, on device: Device = .cpu
  ) {
    let scope = ParameterScope(on: device, seed: seed)
    let (C, patches) = (shape.channels, (side / shape.patch) * (side / shape.patch))
    let classToken = scope.parameter("cls_token", [1, 1, C], .normal(1e-6), decays: false)
    positions = scope.parameter(
      "pos_embed", [1, (shape.isDistilled ? 2 : 1) + patches, C], .normal(0.02), decays: false)
    front =
      [classToken]
      + (shape.isDistilled ? [scope.parameter("dist_token", [1, 1, C], .normal(0.02), decays: false)] : [])
    // PyTorch's own initialisation, which timm leaves unchanged.
    embedding = Convolution(
      scope["patch_embed"]["proj"], 3, C, kernel: shape.patch, stride: shape.patch,
      variance: 1 / Double(9 * shape.patch * shape.patch))
    blocks = (0..<shape.depth).map { i in
      let rate = dropPath * Double(i) / Double(max(1, shape.depth - 1))
      return EncoderBlock(
        scope["blocks"][i], C, heads: shape.heads, number: i, dropRate: rate)
    }
    norm = LayerNorm(scope["norm"], C, epsilon: 1e-6)
    heads = (["head"] + (shape.isDistilled ? ["head_dist"] : [])).map { Linear(scope[$0], C, classes) }
    parameters = scope.parameters
    self.classes = classes
    self.shape = shape
  }

  /// Two branches per block, in its order.
  public var dropRates: [Double] { blocks.flatMap { [$0.dropRate, $0.dropRate] } }

  /// One dropout of all tokens, then three per block.
  public func dropoutShapes(images B: Int, side: Int) -> [[Int]] {
    let tokens = [B, positions.shape[1], shape.channels]
    let expanded = [B, positions.shape[1], EncoderBlock.expansion * shape.channels]
    return [tokens] + Array(repeating: [tokens, expanded, tokens], count: shape.depth).joined()
  }

  /// Position embeddings of a square grid, resized to this network's grid as in timm's
  /// `resample_abs_pos_embed`; those of the front tokens stay.
  public func resampled(_ weight: Tensor, for key: String) -> Tensor? {
    let (size, T, C) = (weight.shape, front.count, shape.channels)
    guard key == "pos_embed", size.count == 3, size[1] > T, size[2] == C else { return nil }
    func side(_ count: Int) -> Int { Int(Double(count - T).squareRoot()) }
    let (from, to) = (side(size[1]), side(positions.shape[1]))
    guard from * from == size[1] - T else { return nil }
    let grid = weight.narrowed(1, to: T..<size[1]).reshaped([1, from, from, C]).permuted([0, 3, 1, 2])
    let scaled = resizedBicubic(grid, height: to, width: to)  // [1, C, to, to]
    return concatenated(
      [weight.narrowed(1, to: 0..<T), FeatureMap(planes: scaled).tokens], along: 1)
  }

  /// The classes' logits, float32 `[B, K]`, for normalised images `[B, 3, H, W]`: with two heads, their mean.
  public func callAsFunction(_ images: Tensor, _ pass: Pass) -> Tensor {
    let answers = answers(images, pass)
    return answers.count == 1 ? answers[0] : (answers[0] + answers[1]).scaled(by: 0.5)
  }

  /// The logits of each front token's head.
  public func answers(_ images: Tensor, _ pass: Pass) -> [Tensor] {
    let patches = embedded(images, pass)  // [B, N, C]
    let B = patches.shape[0]
    let first = concatenated(front.map { $0.repeated(B) } + [patches], along: 1) + positions
    let tokens = blocks.reduce(pass.dropped(first, 0)) { $1($0, pass) }
    return heads.enumerated().map { token, head in
      head.logits(norm(tokens.selected(1, token)), pass)
    }
  }
}

extension VisionTransformer {
  /// Cuts images into patches and embeds these as tokens; left-over pixels at the right and bottom are
  /// ignored.
  private func embedded(_ images: Tensor, _ pass: Pass) -> Tensor {
    guard pass.fuses(images) else {
      return FeatureMap(planes: embedding(images, pass)).tokens.cast(to: .float32)
    }
    let (B, P) = (images.shape[0], shape.patch)
    let (h, w) = (images.shape[2] / P, images.shape[3] / P)
    let whole = images.narrowed(2, to: 0..<h * P).narrowed(3, to: 0..<w * P)
    let grid = whole.reshaped([B, 3, h, P, w, P]).permuted([0, 2, 4, 1, 3, 5])  // [B, h, w, 3, P, P]
    let patches = grid.reshaped([B * h * w, 3 * P * P])
    return linear(patches, embedding.affine, pass.computeType).reshaped([B, h * w, shape.channels])
  }
}

/// An encoder block: attention of all tokens to all, then an MLP.
struct EncoderBlock {
  static let expansion = 4

  let dropRate: Double
  private let branch: ResidualBranch
  private let attention: SelfAttention
  private let feedForward: FeedForwardHalf
  /// The number of the first of its three dropouts in a pass.
  private let dropout: Int
  private let recomputation: BlockRecomputation

  init(
    _ scope: ParameterScope, _ channels: Int, heads: Int, number: Int, dropRate: Double
  ) {
    self.dropRate = dropRate
    dropout = 3 * number + 1
    let norm = LayerNorm(scope["norm1"], channels, epsilon: 1e-6)
    branch = ResidualBranch(number: 2 * number, dropRate: dropRate, norm: norm)
    attention = SelfAttention(scope["attn"], channels, heads: heads)
    feedForward = FeedForwardHalf(
      scope, channels, ratio: Self.expansion, number: 2 * number + 1, dropRate: dropRate, dropout: dropout + 1
    )
    recomputation = BlockRecomputation(weights: scope.tensors, isLeftOut: false)
  }

  func callAsFunction(_ tokens: Tensor, _ pass: Pass) -> Tensor {
    recomputation(tokens, pass) { feedForward(attentionHalf($0, pass), pass, isRead: $1) }
  }

  private func attentionHalf(_ tokens: Tensor, _ pass: Pass) -> Tensor {
    if pass.fusesHalf(tokens), attention.canFuse(tokens) {
      return attention.fused(branch.half(tokens, pass), tokens)
    }
    return branch(tokens, pass) { pass.dropped(attention($0, pass), dropout) }
  }
}

/// Attention of every token to every token.
struct SelfAttention {
  private let qkv: Linear
  private let projection: Linear
  private let heads: Int
  private let takesHeads: Bool

  init(_ scope: ParameterScope, _ channels: Int, heads: Int) {
    qkv = Linear(scope["qkv"], channels, 3 * channels)
    projection = Linear(scope["proj"], channels, channels)
    self.heads = heads
    takesHeads = Kernels.take(channels: channels, heads: heads)
  }

  /// Whether it can be part of a fused operation, whose memory grows with the square of the number of tokens.
  func canFuse(_ tokens: Tensor) -> Bool { takesHeads && tokens.shape[1] <= 1024 }

  /// Computes it as global attention without a summary, on a map of one row.
  func fused(_ half: BlockHalf, _ tokens: Tensor) -> Tensor {
    let (N, C) = (tokens.shape[1], tokens.shape[2])
    return half.globalAttention(
      height: 1, width: N, q: qkv.affine.rows(0..<C), kv: qkv.affine.rows(C..<3 * C),
      projection: projection.affine, heads: heads, summary: nil)
  }

  func callAsFunction(_ tokens: Tensor, _ pass: Pass) -> Tensor {
    let (B, N, C) = (tokens.shape[0], tokens.shape[1], tokens.shape[2])
    // On the CPU always in float32, as global attention.
    let type = tokens.device == .cpu ? .float32 : pass.computeType
    let parts = qkv(tokens, pass).cast(to: type).split(3, along: -1)
      .map { $0.reshaped([B, N, heads, C / heads]).transposed(1, 2) }  // three of [B, n, N, d]
    let mixed = pass.attention(parts[0], parts[1], parts[2], to: .tokens)
    return projection(mixed.transposed(1, 2).reshaped([B, N, C]), pass)
  }
}
