import Model
import ONNX
import Torch

/// Twins as a graph of ONNX's operations, for square images of one size and batches of any.
///
/// It reads as `Twins` does. B batch, H W map, N = H·W tokens, C channels, n heads, d = C/n, w window side, h v windows down
/// and across, r side of a summary's patches, M summarised tokens.
struct TwinsGraph {
  private var graph = Graph()
  private let weights: [String: Tensor]

  private typealias Value = Graph.Value

  /// Tokens of a map.
  private struct Map {
    var tokens: Value
    let height: Int
    let width: Int
    let channels: Int

    var count: Int { height * width }
  }

  /// The bytes of a model file: normalised images `[B, 3, side, side]` named `images` → `[B, classes]` named `logits`.
  static func model(
    _ name: String, _ configuration: TwinsConfiguration, _ parameters: [Parameter], side: Int, classes: Int,
    notes: KeyValuePairs<String, String>, version: String
  ) -> [UInt8] {
    var network = TwinsGraph(
      weights: Dictionary(parameters.map { ($0.name, $0.tensor) }) { first, _ in first })
    network.build(configuration, side: side, classes: classes)
    return network.graph.model(name, by: ("twins-launch", version), notes: notes)
  }

  private init(weights: [String: Tensor]) { self.weights = weights }

  private mutating func build(_ configuration: TwinsConfiguration, side: Int, classes: Int) {
    var planes = graph.input("images", [nil, 3, side, side])
    var (height, width) = (side, side)
    var last: Map?
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
      last = map
    }
    guard let last else { return }
    let pooled = graph.add(
      "ReduceMean", norm(last, "norm", epsilon: 1e-6),
      with: ["axes": .integers([1]), "keepdims": .integer(0)])
    graph.output(linear(pooled, "head"), "logits", [nil, classes])
  }
}

extension TwinsGraph {
  private mutating func embedding(
    _ planes: Value, _ key: String, _ stage: TwinsConfiguration.Stage, _ map: Map
  ) -> Map {
    var map = map
    map.tokens = tokens(convolution(planes, "\(key).proj", stride: stage.patch), map.channels)
    map.tokens = norm(map, "\(key).norm", epsilon: 1e-5)
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
    normal.tokens = norm(map, "\(key).norm1", epsilon: 1e-6)
    let window = position.isMultiple(of: 2) ? stage.window : nil
    let mixed =
      if let window {
        localAttention(normal, "\(key).attn", heads: stage.heads, window: window)
      } else {
        globalAttention(normal, "\(key).attn", heads: stage.heads, reduction: stage.reduction)
      }
    map.tokens = graph.add("Add", map.tokens, mixed)
    let expanded = gelu(linear(norm(map, "\(key).norm2", epsilon: 1e-6), "\(key).mlp.fc1"))
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
      summary = norm(reduced, "\(key).norm", epsilon: 1e-5)
    }
    let packed = graph.split(linear(summary, "\(key).kv"), axis: 2, into: [C, C])
    let (keys, values) = (heads(packed[0], n, C), heads(packed[1], n, C))  // [B, n, M, d]
    let mixed = transpose(attention(queries, keys, values, rank: 4, headSize: C / n), [0, 2, 1, 3])
    return linear(reshape(mixed, [0, map.count, C]), "\(key).proj")
  }

  /// `[B, N, C]` → `[B, n, N, d]`.
  private mutating func heads(_ tokens: Value, _ n: Int, _ C: Int) -> Value {
    transpose(reshape(tokens, [0, -1, n, C / n]), [0, 2, 1, 3])
  }

  /// Softmax(q·kᵀ / √d)·v over the last two of `rank` dimensions.
  private mutating func attention(
    _ queries: Value, _ keys: Value, _ values: Value, rank: Int, headSize: Int
  ) -> Value {
    let order = Array(0..<rank - 2) + [rank - 1, rank - 2]
    let scaled = graph.add("Mul", queries, graph.number(1 / Double(headSize).squareRoot()))
    let scores = graph.add("MatMul", scaled, transpose(keys, order))
    return graph.add("MatMul", graph.add("Softmax", scores, with: ["axis": .integer(-1)]), values)
  }
}

/// Layers, and how tokens are laid out.
extension TwinsGraph {
  private mutating func linear(_ x: Value, _ key: String) -> Value {
    let weight = weights["\(key).weight"]
    guard let weight else { preconditionFailure("no weight \(key)") }
    let product = graph.add("MatMul", x, value("\(key).weight", weight.transposed(0, 1).contiguous()))
    return graph.add("Add", product, value("\(key).bias"))
  }

  private mutating func convolution(
    _ planes: Value, _ key: String, stride: Int, padding: Int = 0, groups: Int = 1
  ) -> Value {
    graph.add(
      "Conv", planes, value("\(key).weight"), value("\(key).bias"),
      with: [
        "strides": .integers([stride, stride]), "pads": .integers([padding, padding, padding, padding]),
        "group": .integer(groups),
      ])
  }

  private mutating func norm(_ map: Map, _ key: String, epsilon: Double) -> Value {
    graph.add(
      "LayerNormalization", map.tokens, value("\(key).weight"), value("\(key).bias"),
      with: ["axis": .integer(-1), "epsilon": .real(epsilon)])
  }

  /// x·(1 + erf(x/√2))/2, exactly.
  private mutating func gelu(_ x: Value) -> Value {
    let error = graph.add("Erf", graph.add("Mul", x, graph.number(0.5.squareRoot())))
    let doubled = graph.add("Mul", x, graph.add("Add", error, graph.number(1)))
    return graph.add("Mul", doubled, graph.number(0.5))
  }

  /// `[B, N, C]` → `[B, C, H, W]`.
  private mutating func planes(_ map: Map) -> Value {
    reshape(transpose(map.tokens, [0, 2, 1]), [0, map.channels, map.height, map.width])
  }

  /// `[B, C, H, W]` → `[B, N, C]`.
  private mutating func tokens(_ planes: Value, _ channels: Int) -> Value {
    transpose(reshape(planes, [0, channels, -1]), [0, 2, 1])
  }

  /// To another shape, in which 0 stands for as many as there are in that place.
  private mutating func reshape(_ x: Value, _ shape: [Int]) -> Value {
    graph.add("Reshape", x, graph.integers(shape))
  }

  private mutating func transpose(_ x: Value, _ order: [Int]) -> Value {
    graph.add("Transpose", x, with: ["perm": .integers(order)])
  }

  private mutating func value(_ key: String) -> Value {
    guard let tensor = weights[key] else { preconditionFailure("no weight \(key)") }
    return value(key, tensor)
  }

  private mutating func value(_ key: String, _ tensor: Tensor) -> Value {
    graph.weight(key, tensor.shape, tensor.elements(as: Float.self))
  }
}
