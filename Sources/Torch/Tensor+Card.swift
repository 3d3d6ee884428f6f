import CTorch

// Layers for a card: the same numbers as on the CPU, in fewer launches than single operations would take.

/// `x · weightᵀ + bias` over the last dimension, for an `x` of any type and strides, with products of the weight's type.
///
/// The gradient of `x` has the type of `x`.
public func cardLinear(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  tensor(file, line) { ct_card_linear(x.handle, weight.handle, bias.handle, $0) }
}

/// The same, and `x` in the weight's type for other layers that need it, so that it is cast only once.
public func cardLinearAndInput(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor, file: StaticString = #fileID, line: UInt = #line
) -> (Tensor, Tensor) {
  guard x.dtype != weight.dtype else { return (cardLinear(x, weight, bias, file: file, line: line), x) }
  var taken: OpaquePointer?
  let result = tensor(file, line) {
    ct_card_linear_and_input(x.handle, weight.handle, bias.handle, $0, &taken)
  }
  guard let taken else { fatalError("libtorch gave no tensor", file: file, line: line) }
  return (result, Tensor(taking: taken))
}

/// `x + factor · branch`, for a branch of the same shape, and of any type and strides.
///
/// - Parameter factors: One per sample, `[B]`; nil stands for ones.
public func cardResidual(
  _ x: Tensor, _ branch: Tensor, factors: Tensor?, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  tensor(file, line) { ct_card_residual(x.handle, branch.handle, factors?.handle, $0) }
}

/// `x + factor · contract(gelu(expand(normed)))`, with products of the weights' type.
public func cardFeedForward(
  _ x: Tensor, _ normed: Tensor, expand: Affine, contract: Affine, factors: Tensor?,
  file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let layers = [expand, contract].map { [OpaquePointer?($0.weight.handle), $0.bias.handle] }
  return withExtendedLifetime((expand, contract)) {
    tensor(file, line) {
      ct_card_feed_forward(x.handle, normed.handle, layers[0], layers[1], factors?.handle, $0)
    }
  }
}

/// Kernels of our own for a card, from a library that is opened at run time.
public enum CardKernels {
  /// Opens a library of kernels for a started card, and compares them there with libtorch's operations. Call it before
  /// networks are made.
  ///
  /// - Returns: Why none of it is used; nil on success.
  public static func open(_ path: String, for device: Device) -> String? {
    let status = ct_open_card_kernels(path, device.kind.rawValue, Int32(device.index))
    guard status != CT_DONE.rawValue else { return nil }
    return String(String(cString: ct_last_error()).prefix { $0 != "\n" })
  }

  /// Whether they take tokens for a norm whose result has this type.
  public static func takeNorm(of tokens: Tensor, in type: DType) -> Bool {
    ct_takes_card_norm(tokens.handle, type.rawValue)
  }
}

/// `x + factor · branch` in float32, and its LayerNorm in `type`, by a kernel of our own.
///
/// - Parameters:
///   - branch: In the shape of `x`, which has six dimensions at most, and of any strides; nil adds nothing.
///   - factors: One per sample, `[B]`; nil stands for ones.
public func cardNorm(
  _ x: Tensor, adding branch: Tensor? = nil, factors: Tensor? = nil, _ norm: Affine, epsilon: Double,
  in type: DType, file: StaticString = #fileID, line: UInt = #line
) -> (sum: Tensor, normed: Tensor) {
  var normed: OpaquePointer?
  let sum = tensor(file, line) {
    ct_card_norm(
      x.handle, branch?.handle, factors?.handle, norm.weight.handle, norm.bias.handle, epsilon, type.rawValue,
      $0, &normed)
  }
  guard let normed else { fatalError("libtorch gave no tensor", file: file, line: line) }
  return (sum, Tensor(taking: normed))
}
