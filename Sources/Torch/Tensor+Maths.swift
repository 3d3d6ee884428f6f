import CTorch

extension Tensor {
  /// Element-wise sum, with broadcasting.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    tensor(#fileID, #line) { ct_add(a.handle, b.handle, $0) }
  }

  /// Element-wise difference, with broadcasting.
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    tensor(#fileID, #line) { ct_subtract(a.handle, b.handle, $0) }
  }

  /// Element-wise product, with broadcasting.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    tensor(#fileID, #line) { ct_multiply(a.handle, b.handle, $0) }
  }

  /// Element-wise quotient, with broadcasting.
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    tensor(#fileID, #line) { ct_divide(a.handle, b.handle, $0) }
  }

  /// Adds another tensor's elements, with broadcasting, in place.
  public func add(_ other: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    check(ct_add_(handle, other.handle), file, line)
  }

  /// Multiplies by another tensor's elements, with broadcasting, in place.
  public func multiply(by other: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    check(ct_multiply_(handle, other.handle), file, line)
  }

  /// Multiplies every element by a number.
  public func scaled(by factor: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    tensor(file, line) { ct_scale(handle, factor, $0) }
  }

  /// Multiplies every element by a number, in place.
  public func scale(by factor: Double, file: StaticString = #fileID, line: UInt = #line) {
    check(ct_scale_(handle, factor), file, line)
  }

  /// Moves every element a part of the way towards that of another tensor, in place: `a += weight · (b - a)`.
  public func move(
    towards other: Tensor, by weight: Double, file: StaticString = #fileID, line: UInt = #line
  ) {
    check(ct_lerp_(handle, other.handle, weight), file, line)
  }

  /// Does the same with a weight `[]` of the tensors' device and type.
  public func move(
    towards other: Tensor, by weight: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) {
    check(ct_lerp_by_(handle, other.handle, weight.handle), file, line)
  }

  /// Mean over one dimension, which is removed.
  public func mean(over dimension: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    tensor(file, line) { ct_mean(handle, Int64(dimension), $0) }
  }

  /// Sum of all elements.
  public func sum(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    tensor(file, line) { ct_sum(handle, $0) }
  }

  /// Euclidean norm of all elements, `[]` in float64.
  public func norm(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    tensor(file, line) { ct_norm(handle, $0) }
  }

  /// The divisor that clips a gradient of this norm to `limit`: `max(1, (norm + 1e-6) / limit)`, float32.
  ///
  /// As `torch.nn.utils.clip_grad_norm_`.
  public func clipDivisor(_ limit: Double, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    tensor(file, line) { ct_clip_divisor(handle, limit, $0) }
  }

  /// Sets this flag, `[1]` in float32, to 1 if any of `numbers` is not finite; otherwise leaves it unchanged.
  public func noteNonFinite(in numbers: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    check(ct_note_non_finite_(handle, numbers.handle), file, line)
  }

  /// Indices of the largest elements of the last dimension, largest first.
  public func topIndices(_ count: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    tensor(file, line) { ct_top_indices(handle, Int64(count), $0) }
  }

  /// Softmax over the last dimension.
  public func softmax(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    tensor(file, line) { ct_softmax(handle, $0) }
  }

  /// The largest element of each row; the last dimension is removed.
  public func highest(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    tensor(file, line) { ct_highest(handle, $0) }
  }

  /// Takes elements of `other` where `mask` (uint8) is 1 and of this tensor where it is 0, with broadcasting.
  public func replaced(
    where mask: Tensor, by other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    tensor(file, line) { ct_where(mask.handle, other.handle, handle, $0) }
  }
}
