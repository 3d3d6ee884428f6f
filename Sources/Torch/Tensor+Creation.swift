import CTorch

extension Tensor {
  /// Makes a tensor of zeros.
  public static func zeros(
    _ shape: [Int], _ dtype: DType = .float32, on device: Device = .cpu,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let sizes = shape.map(Int64.init)
    return tensor(file, line) {
      ct_zeros(sizes, Int32(sizes.count), dtype.rawValue, device.kind.rawValue, Int32(device.index), $0)
    }
  }

  /// Makes a tensor of uninitialised elements.
  public static func empty(
    _ shape: [Int], _ dtype: DType = .float32, on device: Device = .cpu,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let sizes = shape.map(Int64.init)
    return tensor(file, line) {
      ct_empty(sizes, Int32(sizes.count), dtype.rawValue, device.kind.rawValue, Int32(device.index), $0)
    }
  }

  /// Copies elements in row-major order into a CPU tensor; their number must fit the shape.
  public convenience init<Element: TensorElement>(
    _ elements: [Element], _ shape: [Int], file: StaticString = #fileID, line: UInt = #line
  ) {
    let handle = elements.withUnsafeBytes { copied($0, shape, Element.dtype, file, line) }
    self.init(taking: handle)
  }

  /// Copies bytes in row-major order into a CPU tensor; their number must fit the shape.
  public convenience init(
    bytes: UnsafeRawBufferPointer, _ shape: [Int], _ dtype: DType,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(taking: copied(bytes, shape, dtype, file, line))
  }

  /// Makes a one-dimensional CPU tensor that uses `memory` directly, and retains its `owner`.
  public convenience init(
    memory: UnsafeMutableBufferPointer<Float>, keeping owner: AnyObject, file: StaticString = #fileID,
    line: UInt = #line
  ) {
    let size = [Int64(memory.count)]
    let kept = Unmanaged.passRetained(owner).toOpaque()
    let handle = newHandle(file, line) {
      ct_from_memory(
        memory.baseAddress, size, 1, DType.float32.rawValue, kept,
        { owner in if let owner { Unmanaged<AnyObject>.fromOpaque(owner).release() } }, $0)
    }
    self.init(taking: handle)
  }
}

private func copied(
  _ bytes: UnsafeRawBufferPointer, _ shape: [Int], _ dtype: DType, _ file: StaticString, _ line: UInt
) -> OpaquePointer {
  require(
    bytes.count == shape.reduce(dtype.size, *), "\(bytes.count) bytes for \(dtype) of shape \(shape)", file,
    line)
  let sizes = shape.map(Int64.init)
  return newHandle(file, line) {
    ct_from_bytes(bytes.baseAddress, sizes, Int32(sizes.count), dtype.rawValue, $0)
  }
}

/// A Swift number type that tensors can hold.
public protocol TensorElement: BitwiseCopyable {
  /// The corresponding element type.
  static var dtype: DType { get }
}

extension UInt8: TensorElement {
  /// Bytes.
  public static var dtype: DType { .uint8 }
}
extension Int64: TensorElement {
  /// 64-bit integers.
  public static var dtype: DType { .int64 }
}
extension Float: TensorElement {
  /// Single precision.
  public static var dtype: DType { .float32 }
}
extension Double: TensorElement {
  /// Double precision.
  public static var dtype: DType { .float64 }
}
