import CTorch

extension Tensor {
  /// Zeros of a shape.
  public static func zeros(
    _ shape: [Int], _ dtype: DType = .float32, on device: Device = .cpu,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let sizes = shape.map(Int64.init)
    return tensor(file, line) {
      ct_zeros(sizes, Int32(sizes.count), dtype.rawValue, device.kind.rawValue, Int32(device.index), $0)
    }
  }

  /// Elements of a shape that are not set yet.
  public static func empty(
    _ shape: [Int], _ dtype: DType = .float32, on device: Device = .cpu,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let sizes = shape.map(Int64.init)
    return tensor(file, line) {
      ct_empty(sizes, Int32(sizes.count), dtype.rawValue, device.kind.rawValue, Int32(device.index), $0)
    }
  }

  /// A copy of elements in row-major order, on the CPU; their number must fit the shape.
  public convenience init<Element: TensorElement>(
    _ elements: [Element], _ shape: [Int], file: StaticString = #fileID, line: UInt = #line
  ) {
    let handle = elements.withUnsafeBytes { copied($0, shape, Element.dtype, file, line) }
    self.init(taking: handle)
  }

  /// A copy of raw bytes in row-major order, on the CPU; their number must fit the shape.
  public convenience init(
    bytes: UnsafeRawBufferPointer, _ shape: [Int], _ dtype: DType,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(taking: copied(bytes, shape, dtype, file, line))
  }

  /// A tensor on the CPU that is the memory it is given, of one dimension; `owner` keeps that memory, and is kept.
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

/// A Swift number that tensors can hold.
public protocol TensorElement: BitwiseCopyable {
  /// The element type it is in a tensor.
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
