import CTorch

/// How a network's operations are computed.
public enum Kernels: String, CaseIterable, Sendable {
  /// The halves of a block each as one operation of our own, where device, type and processor have it.
  case fused
  /// Every operation by libtorch.
  case reference

  /// Whether halves of a block over `tokens`, with products of a type, are one operation.
  public func fuse(_ tokens: Tensor, _ type: DType) -> Bool {
    self == .fused && tokens.device.kind == .cpu && ct_fuses(type.rawValue)
  }

  /// Whether attention with so many channels in so many heads can be part of one.
  public static func take(channels: Int, heads: Int) -> Bool {
    ct_attention_fuses(Int32(channels), Int32(heads))
  }
}

/// A layer's weight and bias.
public struct Affine {
  let weight: Tensor
  let bias: Tensor

  /// A pair.
  public init(_ weight: Tensor, _ bias: Tensor) { (self.weight, self.bias) = (weight, bias) }

  var handles: ct_affine { ct_affine(weight: weight.handle, bias: bias.handle) }
}

/// A residual branch of a block over tokens `[B, N, C]` in float32, as one operation: LayerNorm, layers, drop path, sum.
///
/// Samples whose branch is left out cost nothing. Products are of `type`; sums, norms, softmax and the residual are
/// float32.
public struct BlockHalf {
  let tokens: Tensor
  let norm: Affine
  let epsilon: Double
  let factors: Tensor?
  let type: DType

  /// - Parameter factors: `[B]`, 0 for samples that the branch leaves out and one value for the others; nil keeps all.
  public init(_ tokens: Tensor, norm: Affine, epsilon: Double, factors: Tensor?, _ type: DType) {
    (self.tokens, self.norm, self.epsilon) = (tokens, norm, epsilon)
    (self.factors, self.type) = (factors, type)
  }

  /// `tokens + factor · contract(gelu(expand(norm(tokens))))`.
  public func feedForward(
    expand: Affine, contract: Affine, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    tensor(file, line) {
      ct_feed_forward_half(
        tokens.handle, norm.handles, epsilon, expand.handles, contract.handles, factors?.handle,
        type.rawValue, $0)
    }
  }

  /// `tokens + factor · projection(attention(qkv(norm(tokens))))` inside windows of `side²` tokens of a map.
  ///
  /// A map that is no multiple of the side is padded at the right and bottom with zeros, after the norm.
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

  /// What global attention attends to: a convolution whose kernel is as wide as its stride, and a norm.
  public struct Summary {
    let convolution: Affine
    let norm: Affine
    let epsilon: Double
    let reduction: Int

    /// Of `reduction²` tokens each.
    public init(convolution: Affine, norm: Affine, epsilon: Double, reduction: Int) {
      (self.convolution, self.norm, self.epsilon) = (convolution, norm, epsilon)
      self.reduction = reduction
    }
  }

  /// `tokens + factor · projection(attention(q(norm(tokens)), kv(summary(norm(tokens)))))`; without a summary, of all
  /// tokens to all.
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
