import Model
import ONNX
import Torch

/// A network as a graph of ONNX operations, for square images of one size in batches of any size.
///
/// Each family of networks is an extension in its own file.
struct NetworkGraph {
  typealias Value = Graph.Value

  var graph = Graph()
  private let weights: [String: Tensor]

  init(_ parameters: [Parameter]) {
    weights = Dictionary(parameters.map { ($0.name, $0.tensor) }) { first, _ in first }
  }

  /// The bytes of a model file: normalised images `[B, 3, side, side]` named `images` → `[B, classes]` named
  /// `logits`; nil for an unsupported network.
  mutating func model(
    _ name: String, side: Int, classes: Int, notes: KeyValuePairs<String, String>, version: String
  ) -> [UInt8]? {
    let images = graph.input("images", [nil, 3, side, side])
    let logits: Value
    if let configuration = TwinsConfiguration.named(name) {
      logits = twins(configuration, of: images, side: side)
    } else if let shape = VisionTransformer.Shape.named(name) {
      logits = visionTransformer(shape, of: images)
    } else {
      return nil
    }
    graph.output(logits, "logits", [nil, classes])
    return graph.model(name, by: ("twins-launch", version), notes: notes)
  }

  func tensor(_ key: String) -> Tensor {
    guard let tensor = weights[key] else { preconditionFailure("no weight \(key)") }
    return tensor
  }
}

/// Layers, and the layout of tokens.
extension NetworkGraph {
  mutating func linear(_ x: Value, _ key: String) -> Value {
    let weight = tensor("\(key).weight").transposed(0, 1).contiguous()
    let product = graph.add("MatMul", x, value("\(key).weight", weight))
    return graph.add("Add", product, value("\(key).bias"))
  }

  mutating func convolution(
    _ planes: Value, _ key: String, stride: Int, padding: Int = 0, groups: Int = 1
  ) -> Value {
    graph.add(
      "Conv", planes, value("\(key).weight"), value("\(key).bias"),
      with: [
        "strides": .integers([stride, stride]), "pads": .integers([padding, padding, padding, padding]),
        "group": .integer(groups),
      ])
  }

  mutating func norm(_ x: Value, _ key: String, epsilon: Double) -> Value {
    graph.add(
      "LayerNormalization", x, value("\(key).weight"), value("\(key).bias"),
      with: ["axis": .integer(-1), "epsilon": .real(epsilon)])
  }

  /// x·(1 + erf(x/√2))/2, exactly.
  mutating func gelu(_ x: Value) -> Value {
    let error = graph.add("Erf", graph.add("Mul", x, graph.number(0.5.squareRoot())))
    let doubled = graph.add("Mul", x, graph.add("Add", error, graph.number(1)))
    return graph.add("Mul", doubled, graph.number(0.5))
  }

  /// `[B, C, H, W]` → `[B, N, C]`.
  mutating func tokens(_ planes: Value, _ channels: Int) -> Value {
    transpose(reshape(planes, [0, channels, -1]), [0, 2, 1])
  }

  /// Reshapes; 0 keeps the length of that dimension.
  mutating func reshape(_ x: Value, _ shape: [Int]) -> Value {
    graph.add("Reshape", x, graph.integers(shape))
  }

  mutating func transpose(_ x: Value, _ order: [Int]) -> Value {
    graph.add("Transpose", x, with: ["perm": .integers(order)])
  }

  mutating func value(_ key: String) -> Value { value(key, tensor(key)) }

  mutating func value(_ key: String, _ tensor: Tensor) -> Value {
    graph.weight(key, tensor.shape, tensor.elements(as: Float.self))
  }

  /// `[B, N, C]` → `[B, n, N, d]`.
  mutating func heads(_ tokens: Value, _ n: Int, _ C: Int) -> Value {
    transpose(reshape(tokens, [0, -1, n, C / n]), [0, 2, 1, 3])
  }

  /// Softmax(q·kᵀ / √d)·v over the last two of `rank` dimensions.
  mutating func attention(
    _ queries: Value, _ keys: Value, _ values: Value, rank: Int, headSize: Int
  ) -> Value {
    let order = Array(0..<rank - 2) + [rank - 1, rank - 2]
    let scaled = graph.add("Mul", queries, graph.number(1 / Double(headSize).squareRoot()))
    let scores = graph.add("MatMul", scaled, transpose(keys, order))
    return graph.add("MatMul", graph.add("Softmax", scores, with: ["axis": .integer(-1)]), values)
  }
}
