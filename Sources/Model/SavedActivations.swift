public import Torch

/// What the forward pass of a training step leaves for the backward one, where our own kernels compute it: about so many bytes.
public struct SavedActivations {
  /// Of an image, in all.
  public let bytes: Int

  /// For images of `side` × `side` pixels and products of a type; nil for a network that is not known.
  ///
  /// - Parameter recomputes: Whether a block keeps its input alone, and computes the rest again.
  public init?(of model: String, side: Int, _ type: DType, recomputes: Bool = false) {
    let saved = type == .float32 ? 4 : 2
    let image = 3 * side * side * 4
    if let stages = TwinsConfiguration.named(model)?.stages {
      var (map, blocks, around) = (side, [Block](), 2 * image)
      for stage in stages {
        map /= stage.patch
        let tokens = map * map * stage.channels
        // An embedding keeps x̂ beside its input, and a positional encoding its input.
        around += tokens * (saved + 8)
        blocks += (0..<stage.depth).map { Block(stage, at: $0, tokens: tokens) }
      }
      bytes = around + Self.bytes(of: blocks, saved, recomputes)
    } else if let shape = VisionTransformer.Shape.named(model) {
      let tokens = ((side / shape.patch) * (side / shape.patch) + 1) * shape.channels
      let block = Block(values: tokens * (6 + EncoderBlock.expansion), input: tokens)
      bytes = 3 * image + Self.bytes(of: Array(repeating: block, count: shape.depth), saved, recomputes)
    } else {
      return nil
    }
  }

  private static func bytes(of blocks: [Block], _ saved: Int, _ recomputes: Bool) -> Int {
    guard recomputes else { return blocks.reduce(0) { $0 + $1.values * saved } }
    return blocks.reduce(0) { $0 + $1.input * 4 } + (blocks.map { $0.values * saved }.max() ?? 0)
  }

  /// Values that a block keeps: x̂ of each half, what attention multiplies and gives, and the hidden layer before GELU.
  private struct Block {
    let values, input: Int

    init(values: Int, input: Int) { (self.values, self.input) = (values, input) }

    init(_ stage: TwinsConfiguration.Stage, at position: Int, tokens: Int) {
      let isLocal = stage.window != nil && position % 2 == 0
      let summary = 2 * tokens / (stage.reduction * stage.reduction)
      let attention = isLocal ? 5 * tokens : 3 * tokens + summary
      self.init(values: attention + (1 + stage.expansion) * tokens, input: tokens)
    }
  }
}
