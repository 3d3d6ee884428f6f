public import Torch

/// A Twins vision transformer (Chu et al. 2021, "Twins: Revisiting the Design of Spatial Attention").
///
/// Keys, order and maths equal timm's `twins.py`; `docs/architecture.md` lists what differs from the first
/// code.
public struct Twins: Network {
  let stages: [Stage]
  let norm: LayerNorm
  private let head: Linear

  /// Every weight with its key, in timm's order.
  public let parameters: [Parameter]

  /// One stage of the pyramid, at one resolution.
  struct Stage {
    let embedding: PatchEmbedding
    let blocks: [Block]
    let position: PositionalEncodingGenerator
    /// The number of the stage's token dropout in a pass.
    let dropout: Int

    /// Runs the stage on the embedding's map.
    func callAsFunction(_ embedded: FeatureMap, _ pass: Pass) -> FeatureMap {
      var map = embedded
      map.tokens = pass.dropped(map.tokens, dropout)
      for (j, block) in blocks.enumerated() {
        map = block(map, pass)
        if j == 0 { map = position(map, pass) }
      }
      return map
    }
  }

  /// The number of classes.
  public let classes: Int

  let configuration: TwinsConfiguration

  /// Makes a network for `classes` classes, with weights drawn from `seed`.
  ///
  /// `dropPath` is the highest drop-path rate: block i of n gets i / (n - 1) of it.
  public init(
    _ configuration: TwinsConfiguration, classes: Int, dropPath: Double = 0, seed: UInt64 = 0,
    on device: Device = .cpu
  ) {
    let scope = ParameterScope(on: device, seed: seed)
    let stages = configuration.stages
    let embeddings = stages.indices.map { i in
      PatchEmbedding(
        scope["patch_embeds"][i], i == 0 ? 3 : stages[i - 1].channels, stages[i].channels,
        patch: stages[i].patch)
    }
    let blocks = Self.blocks(scope["blocks"], stages, dropPath)
    let positions = stages.indices.map {
      PositionalEncodingGenerator(scope["pos_block"][$0], stages[$0].channels)
    }
    self.stages = stages.indices.map {
      Stage(
        embedding: embeddings[$0], blocks: blocks[$0], position: positions[$0],
        dropout: blocks[$0][0].dropout - 1)
    }
    let channels = stages[stages.count - 1].channels
    norm = LayerNorm(scope["norm"], channels, epsilon: 1e-6)
    head = Linear(scope["head"], channels, classes)
    parameters = scope.parameters
    self.classes = classes
    self.configuration = configuration
  }

  private static func blocks(
    _ scope: ParameterScope, _ stages: [TwinsConfiguration.Stage], _ dropPath: Double
  ) -> [[Block]] {
    let total = stages.reduce(0) { $0 + $1.depth }
    let kept = BlockRecomputation.leftOut(of: sizes(stages))
    var number = 0
    return stages.indices.map { s in
      (0..<stages[s].depth).map { j in
        defer { number += 1 }
        let rate = dropPath * Double(number) / Double(max(1, total - 1))
        // A stage has one dropout of its tokens, then each block has one in its attention and two in its MLP.
        return Block(
          scope[s][j], stages[s], position: j, number: number, dropRate: rate, dropout: 3 * number + s + 1,
          keepsAll: kept[number])
      }
    }
  }

  /// The relative size of each block's tokens, per pixel of an image.
  static func sizes(_ stages: [TwinsConfiguration.Stage]) -> [Double] {
    var pixels = 1.0
    return stages.flatMap { stage in
      pixels *= Double(stage.patch * stage.patch)
      return Array(repeating: Double(stage.channels) / pixels, count: stage.depth)
    }
  }

  /// Two branches per block, in its order.
  public var dropRates: [Double] { stages.flatMap(\.blocks).flatMap { [$0.dropRate, $0.dropRate] } }

  /// One dropout of a stage's tokens, then three per block.
  public func dropoutShapes(images B: Int, side: Int) -> [[Int]] {
    var side = side
    return configuration.stages.flatMap { stage in
      side /= stage.patch
      let tokens = [B, side * side, stage.channels]
      let expanded = [B, side * side, stage.expansion * stage.channels]
      return [tokens] + Array(repeating: [tokens, expanded, tokens], count: stage.depth).joined()
    }
  }

  /// The classes' logits, float32 `[B, K]`, for normalised images `[B, 3, H, W]`.
  public func callAsFunction(_ images: Tensor, _ pass: Pass) -> Tensor {
    let first = stages[0](stages[0].embedding(images: images, pass), pass)
    let last = stages.dropFirst().reduce(first) { map, stage in stage(stage.embedding(map, pass), pass) }
    return head.logits(norm(last.tokens).mean(over: 1), pass)
  }
}

/// Cuts images or a map into k×k patches and embeds each: a convolution of stride k, then a norm (ε 1e-5).
struct PatchEmbedding {
  private let projection: Convolution
  private let patch: Int
  let norm: LayerNorm

  init(_ scope: ParameterScope, _ inputs: Int, _ channels: Int, patch: Int) {
    self.patch = patch
    projection = Convolution(scope["proj"], inputs, channels, kernel: patch, stride: patch)
    norm = LayerNorm(scope["norm"], channels, epsilon: 1e-5)
  }

  /// Embeds images `[B, C, H, W]`.
  func callAsFunction(images: Tensor, _ pass: Pass) -> FeatureMap {
    guard pass.fuses(images) else { return embedded(planes: images, pass) }
    let tokens = Torch.embedded(
      images: images, projection.affine, norm: norm.affine, epsilon: norm.epsilon, pass.computeType)
    let shape = images.shape
    return FeatureMap(tokens: tokens, height: shape[2] / patch, width: shape[3] / patch)
  }

  /// Embeds the map of the stage before.
  func callAsFunction(_ map: FeatureMap, _ pass: Pass) -> FeatureMap {
    guard pass.fuses(map.tokens) else {
      // A card's convolutions prefer channels last, as the tokens have them.
      let planes = map.planes
      return embedded(planes: planes.device == .cpu ? planes.contiguous() : planes, pass)
    }
    let tokens = Torch.embedded(
      tokens: map.tokens, height: map.height, width: map.width, projection.affine, norm: norm.affine,
      epsilon: norm.epsilon, pass.computeType)
    return FeatureMap(tokens: tokens, height: map.height / patch, width: map.width / patch)
  }

  private func embedded(planes: Tensor, _ pass: Pass) -> FeatureMap {
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
    if pass.fuses(map.tokens) {
      let tokens = positionallyEncoded(map.tokens, height: map.height, width: map.width, projection.affine)
      return FeatureMap(tokens: tokens, height: map.height, width: map.width)
    }
    let planes = map.planes
    return FeatureMap(planes: projection(planes, pass) + planes)
  }
}
