import CTorch

extension Tensor {
  /// The same elements in another shape, where one length may be -1; a view if the layout allows it.
  public func reshaped(_ shape: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let sizes = shape.map(Int64.init)
    return tensor(file, line) { ct_reshape(handle, sizes, Int32(sizes.count), $0) }
  }

  /// A view with dimensions in another order.
  public func permuted(_ order: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let axes = order.map(Int64.init)
    return tensor(file, line) { ct_permute(handle, axes, Int32(axes.count), $0) }
  }

  /// A view with two dimensions swapped.
  public func transposed(_ a: Int, _ b: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    tensor(file, line) { ct_transpose(handle, Int64(a), Int64(b), $0) }
  }

  /// Merges the dimensions from `first` on into one.
  public func flattened(from first: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    tensor(file, line) { ct_flatten(handle, Int64(first), -1, $0) }
  }

  /// The same elements in row-major memory.
  public func contiguous(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    tensor(file, line) { ct_contiguous(handle, $0) }
  }

  /// A view of a range of one dimension.
  public func narrowed(
    _ dimension: Int, to range: Range<Int>, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    tensor(file, line) {
      ct_narrow(handle, Int64(dimension), Int64(range.lowerBound), Int64(range.count), $0)
    }
  }

  /// A view of the elements at `index` of one dimension, without that dimension.
  public func selected(
    _ dimension: Int, _ index: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    tensor(file, line) { ct_select(handle, Int64(dimension), Int64(index), $0) }
  }

  /// Views of so many equal parts of one dimension.
  public func split(
    _ count: Int, along dimension: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> [Tensor] {
    var handles = [OpaquePointer?](repeating: nil, count: count)
    check(ct_split(handle, Int64(dimension), Int32(count), &handles), file, line)
    return handles.compactMap { $0.map(Tensor.init(taking:)) }
  }

  /// The elements of one dimension in reverse order.
  public func flipped(_ dimension: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    tensor(file, line) { ct_flip(handle, Int64(dimension), $0) }
  }

  /// Pads with zeros: amounts before and after the last dimension, then the one before it, ….
  public func padded(_ amounts: [Int], file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let counts = amounts.map(Int64.init)
    return tensor(file, line) { ct_pad(handle, counts, Int32(counts.count), $0) }
  }

  /// A view that repeats the only element of the first dimension `count` times.
  public func repeated(_ count: Int, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    tensor(file, line) { ct_repeat(handle, Int64(count), $0) }
  }

  /// Converts the elements to another type; returns the tensor itself if it has that type.
  public func cast(to dtype: DType, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    self.dtype == dtype ? self : tensor(file, line) { ct_cast(handle, dtype.rawValue, $0) }
  }

  /// Copies the tensor to another device; the type stays.
  public func moved(to device: Device, file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    tensor(file, line) {
      ct_to(handle, dtype.rawValue, device.kind.rawValue, Int32(device.index), $0)
    }
  }
}

/// Joins tensors along a dimension; their other dimensions must be equal.
public func concatenated(
  _ parts: [Tensor], along dimension: Int, file: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let handles = parts.map { OpaquePointer?($0.handle) }
  return tensor(file, line) { ct_concatenate(handles, Int32(handles.count), Int64(dimension), $0) }
}
