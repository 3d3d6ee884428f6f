import Model
import ONNX

/// The graph of Twins for square images of one size; its structure follows `Twins`.
///
/// B batch, H W map, N = H·W tokens, C channels, n heads, d = C/n, w window side, h v windows down and
/// across, r side of a summary's patches, M summarised tokens.
extension NetworkGraph {
  /// The tokens of a map.
  private struct Map {
    var tokens: Value
    let height: Int
    let width: Int
    let channels: Int

    var count: Int { height * width }
  }

  /// The logits of normalised images `[B, 3, side, side]`.
  mutating func twins(_ configuration: TwinsConfiguration, of images: Value, side: Int) -> Value {
    var planes = images
    var tokens = images
    var (height, width) = (side, side)
    for (s, stage) in configuration.stages.enumerated() {
      (height, width) = (height / stage.patch, width / stage.patch)
      var map = embedding(
        planes, "patch_embeds.\(s)", stage,
        Map(tokens: planes, height: height, width: width, channels: stage.channels))
      for j in 0..<stage.depth {
        map = block(map, "blocks.\(s).\(j)", stage, position: j)
        if j == 0 { map = position(map, "pos_block.\(s).proj.0") }
      }
      planes = self.planes(map)
      tokens = map.tokens
    }
    let pooled = graph.add(
      "ReduceMean", norm(tokens, "norm", epsilon: 1e-6),
      with: ["axes": .integers([1]), "keepdims": .integer(0)])
    return linear(pooled, "head")
  }
}

extension NetworkGraph {
  private mutating func embedding(
    _ planes: Value, _ key: String, _ stage: TwinsConfiguration.Stage, _ map: Map
  ) -> Map {
    var map = map
    map.tokens = tokens(convolution(planes, "\(key).proj", stride: stage.patch), map.channels)
    map.tokens = norm(map.tokens, "\(key).norm", epsilon: 1e-5)
    return map
  }

  private mutating func position(_ map: Map, _ key: String) -> Map {
    let planes = planes(map)
    let encoded = convolution(planes, key, stride: 1, padding: 1, groups: map.channels)
    var map = map
    map.tokens = tokens(graph.add("Add", encoded, planes), map.channels)
    return map
  }

  private mutating func block(
    _ map: Map, _ key: String, _ stage: TwinsConfiguration.Stage, position: Int
  ) -> Map {
    var (map, normal) = (map, map)
    normal.tokens = norm(map.tokens, "\(key).norm1", epsilon: 1e-6)
    let window = position.isMultiple(of: 2) ? stage.window : nil
    let mixed =
      if let window {
        localAttention(normal, "\(key).attn", heads: stage.heads, window: window)
      } else {
        globalAttention(normal, "\(key).attn", heads: stage.heads, reduction: stage.reduction)
      }
    map.tokens = graph.add("Add", map.tokens, mixed)
    let expanded = gelu(linear(norm(map.tokens, "\(key).norm2", epsilon: 1e-6), "\(key).mlp.fc1"))
    map.tokens = graph.add("Add", map.tokens, linear(expanded, "\(key).mlp.fc2"))
    return map
  }

  private mutating func localAttention(_ map: Map, _ key: String, heads n: Int, window w: Int) -> Value {
    let (H, W, C) = (map.height, map.width, map.channels)
    let (h, v) = ((H + w - 1) / w, (W + w - 1) / w)
    let fits = (h * w, v * w) == (H, W)
    var grid = reshape(map.tokens, [0, H, W, C])
    if !fits { grid = graph.add("Pad", grid, graph.integers([0, 0, 0, 0, 0, h * w - H, v * w - W, 0])) }
    let cut = transpose(reshape(grid, [0, h, w, v, w, C]), [0, 1, 3, 2, 4, 5])  // [B, h, v, w, w, C]
    let packed = linear(reshape(cut, [0, h * v, w * w, C]), "\(key).qkv")  // [B, h·v, w·w, 3C]
    let parts = graph.split(packed, axis: 3, into: [C, C, C]).map {
      transpose(reshape($0, [0, h * v, w * w, n, C / n]), [0, 1, 3, 2, 4])  // [B, h·v, n, w·w, d]
    }
    let mixed = transpose(attention(parts[0], parts[1], parts[2], rank: 5, headSize: C / n), [0, 1, 3, 2, 4])
    let joined = transpose(reshape(mixed, [0, h, v, w, w, C]), [0, 1, 3, 2, 4, 5])  // [B, h, w, v, w, C]
    var tokens = reshape(joined, [0, h * w, v * w, C])
    if !fits {
      tokens = graph.add(
        "Slice", tokens, graph.integers([0, 0]), graph.integers([H, W]), graph.integers([1, 2]))
    }
    return linear(reshape(tokens, [0, H * W, C]), "\(key).proj")
  }

  private mutating func globalAttention(_ map: Map, _ key: String, heads n: Int, reduction r: Int) -> Value {
    let C = map.channels
    let queries = heads(linear(map.tokens, "\(key).q"), n, C)  // [B, n, N, d]
    var summary = map.tokens
    if r > 1 {
      var reduced = map
      reduced.tokens = tokens(convolution(planes(map), "\(key).sr", stride: r), C)
      summary = norm(reduced.tokens, "\(key).norm", epsilon: 1e-5)
    }
    let packed = graph.split(linear(summary, "\(key).kv"), axis: 2, into: [C, C])
    let (keys, values) = (heads(packed[0], n, C), heads(packed[1], n, C))  // [B, n, M, d]
    let mixed = transpose(attention(queries, keys, values, rank: 4, headSize: C / n), [0, 2, 1, 3])
    return linear(reshape(mixed, [0, map.count, C]), "\(key).proj")
  }

  /// `[B, N, C]` → `[B, C, H, W]`.
  private mutating func planes(_ map: Map) -> Value {
    reshape(transpose(map.tokens, [0, 2, 1]), [0, map.channels, map.height, map.width])
  }
}
