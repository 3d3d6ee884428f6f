import CTorch

/// Which library computes the parts of a network.
public enum Kernels: String, CaseIterable, Sendable {
  /// The project's kernels: block halves, patch embeddings, positional encodings and separate linear layers
  /// each run as one operation, where device, type and processor allow it.
  case fused
  /// libtorch, operation by operation.
  case reference

  /// Whether a part of a network over `tokens` or images, with products of a type, runs as one operation.
  public func fuse(_ tokens: Tensor, _ type: DType) -> Bool { fuses(on: tokens.device, type) }

  /// Whether parts of a network on a device, with products of a type, run as one operation each.
  public func fuses(on device: Device, _ type: DType) -> Bool {
    self == .fused && device.kind == .cpu && ct_fuses(type.rawValue)
  }

  /// Whether the kernels support attention with this number of channels and heads.
  public static func take(channels: Int, heads: Int) -> Bool {
    ct_attention_fuses(Int32(channels), Int32(heads))
  }
}

/// A layer's weight and bias.
public struct Affine {
  /// What inputs are multiplied by.
  public let weight: Tensor
  /// What is added to each output.
  public let bias: Tensor

  /// Makes the pair.
  public init(_ weight: Tensor, _ bias: Tensor) { (self.weight, self.bias) = (weight, bias) }

  /// Some of the layer's outputs, as a layer that shares its memory.
  public func rows(_ range: Range<Int>) -> Affine {
    Affine(weight.narrowed(0, to: range), bias.narrowed(0, to: range))
  }

  var handles: ct_affine { ct_affine(weight: weight.handle, bias: bias.handle) }
}

/// A residual branch of a block over tokens `[B, N, C]` in float32 as one operation: LayerNorm, layers, drop
/// path and sum.
///
/// Samples whose branch is dropped cost nothing. Products are of `type`; sums, norms, softmax and the
/// residual are float32.
public struct BlockHalf {
  let tokens: Tensor
  let norm: Affine
  let epsilon: Double
  let factors: Tensor?
  let type: DType

  /// Makes the branch.
  ///
  /// - Parameter factors: `[B]`, 0 for samples whose branch is dropped and one common value for the others;
  ///   nil keeps all.
  public init(_ tokens: Tensor, norm: Affine, epsilon: Double, factors: Tensor?, _ type: DType) {
    (self.tokens, self.norm, self.epsilon) = (tokens, norm, epsilon)
    (self.factors, self.type) = (factors, type)
  }

  /// `tokens + factor · contract(gelu(expand(norm(tokens))))`.
  ///
  /// - Parameter isRead: Whether the result's values are needed; if not, only what gradients need is
  ///   computed.
  public func feedForward(
    expand: Affine, contract: Affine, isRead: Bool = true, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    tensor(file, line) {
      ct_feed_forward_half(
        tokens.handle, norm.handles, epsilon, expand.handles, contract.handles, factors?.handle,
        type.rawValue, isRead, $0)
    }
  }

  /// `tokens + factor · projection(attention(qkv(norm(tokens))))` inside windows of `side²` tokens of a map.
  ///
  /// A map that is not a multiple of the side is padded with zeros at the right and bottom, after the norm.
  public func localAttention(
    height: Int, width: Int, qkv: Affine, projection: Affine, heads: Int, side: Int,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    tensor(file, line) {
      ct_local_attention_half(
        tokens.handle, ct_map(height: Int32(height), width: Int32(width)), norm.handles, epsilon, qkv.handles,
        projection.handles, Int32(heads), Int32(side), factors?.handle, type.rawValue, $0)
    }
  }

  /// The sub-sampled map that global attention attends to: a convolution whose kernel is as wide as its
  /// stride, and a norm.
  public struct Summary {
    let convolution: Affine
    let norm: Affine
    let epsilon: Double
    let reduction: Int

    /// Makes a summary whose tokens stand for `reduction²` tokens each.
    public init(convolution: Affine, norm: Affine, epsilon: Double, reduction: Int) {
      (self.convolution, self.norm, self.epsilon) = (convolution, norm, epsilon)
      self.reduction = reduction
    }
  }

  /// `tokens + factor · projection(attention(q(norm(tokens)), kv(summary(norm(tokens)))))`; without a summary
  /// all tokens attend to all.
  public func globalAttention(
    height: Int, width: Int, q: Affine, kv: Affine, projection: Affine, heads: Int, summary: Summary?,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let map = ct_map(height: Int32(height), width: Int32(width))
    func half(_ summary: UnsafePointer<ct_summary>?) -> Tensor {
      tensor(file, line) {
        ct_global_attention_half(
          tokens.handle, map, norm.handles, epsilon, q.handles, kv.handles, projection.handles, Int32(heads),
          summary, factors?.handle, type.rawValue, $0)
      }
    }
    guard let summary else { return half(nil) }
    let handles = ct_summary(
      convolution: summary.convolution.handles, norm: summary.norm.handles, epsilon: summary.epsilon,
      reduction: Int32(summary.reduction))
    return withUnsafePointer(to: handles, half)
  }
}

/// `norm(convolution(images))` for images `[B, C, H, W]` with patches as wide as the convolution's stride:
/// float32 tokens `[B, N, C']`, as one operation with products of `type`.
public func embedded(
  images: Tensor, _ convolution: Affine, norm: Affine, epsilon: Double, _ type: DType,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  tensor(file, line) {
    ct_embedding(images.handle, nil, convolution.handles, norm.handles, epsilon, type.rawValue, $0)
  }
}

/// The same for a map's float32 tokens `[B, height·width, C]`.
public func embedded(
  tokens: Tensor, height: Int, width: Int, _ convolution: Affine, norm: Affine, epsilon: Double,
  _ type: DType,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  withUnsafePointer(to: ct_map(height: Int32(height), width: Int32(width))) { map in
    tensor(file, line) {
      ct_embedding(tokens.handle, map, convolution.handles, norm.handles, epsilon, type.rawValue, $0)
    }
  }
}

/// `features · weightᵀ + bias` for float32 features `[R, D]`: float32 `[R, outputs]`, as one operation with
/// products of `type`. The weight has D values per output, in any shape.
public func linear(
  _ features: Tensor, _ layer: Affine, _ type: DType, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  tensor(file, line) { ct_linear_layer(features.handle, layer.handles, type.rawValue, $0) }
}

/// `tokens + convolution(tokens)` for a map's float32 tokens `[B, height·width, C]`, with a depthwise 3 × 3
/// convolution, as one operation in float32.
public func positionallyEncoded(
  _ tokens: Tensor, height: Int, width: Int, _ convolution: Affine,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let map = ct_map(height: Int32(height), width: Int32(width))
  return tensor(file, line) { ct_positional_encoding(tokens.handle, map, convolution.handles, $0) }
}
