import Model
import ONNX
import Torch

/// The graph of a vision transformer for square images of one size; its structure follows
/// `VisionTransformer`.
///
/// B batch, N patches, T tokens in front of them, C channels, n heads, d = C/n.
extension NetworkGraph {
  /// The logits of normalised images.
  mutating func visionTransformer(_ shape: VisionTransformer.Shape, of images: Value) -> Value {
    let (C, T) = (shape.channels, shape.isDistilled ? 2 : 1)
    let patches = tokens(convolution(images, "patch_embed.proj", stride: shape.patch), C)  // [B, N, C]
    // The front tokens are the same for every image: zeros, to which they are added together with the
    // positions.
    let padded = graph.add("Pad", patches, graph.integers([0, T, 0, 0, 0, 0]))
    var x = graph.add("Add", padded, value("front and positions", frontAndPositions(T)))
    for i in 0..<shape.depth { x = encoderBlock(x, "blocks.\(i)", shape) }
    let normal = norm(x, "norm", epsilon: 1e-6)
    let answers = ["head", "head_dist"].prefix(T).enumerated().map { token, head in
      linear(graph.add("Gather", normal, graph.index(token), with: ["axis": .integer(1)]), head)
    }
    guard answers.count == 2 else { return answers[0] }
    return graph.add("Mul", graph.add("Add", answers[0], answers[1]), graph.number(0.5))
  }

  /// Front tokens and positions, `[1, T + N, C]`.
  private func frontAndPositions(_ T: Int) -> Tensor {
    withoutGradients {
      let positions = tensor("pos_embed")
      let count = positions.shape[1]
      let front = concatenated(["cls_token", "dist_token"].prefix(T).map(tensor), along: 1)
      return concatenated(
        [front + positions.narrowed(1, to: 0..<T), positions.narrowed(1, to: T..<count)], along: 1)
    }
  }

  private mutating func encoderBlock(_ x: Value, _ key: String, _ shape: VisionTransformer.Shape) -> Value {
    let (C, n) = (shape.channels, shape.heads)
    let packed = linear(norm(x, "\(key).norm1", epsilon: 1e-6), "\(key).attn.qkv")
    let parts = graph.split(packed, axis: 2, into: [C, C, C]).map { heads($0, n, C) }  // [B, n, T + N, d]
    let mixed = transpose(attention(parts[0], parts[1], parts[2], rank: 4, headSize: C / n), [0, 2, 1, 3])
    let attended = graph.add("Add", x, linear(reshape(mixed, [0, 0, C]), "\(key).attn.proj"))
    let expanded = gelu(linear(norm(attended, "\(key).norm2", epsilon: 1e-6), "\(key).mlp.fc1"))
    return graph.add("Add", attended, linear(expanded, "\(key).mlp.fc2"))
  }
}
