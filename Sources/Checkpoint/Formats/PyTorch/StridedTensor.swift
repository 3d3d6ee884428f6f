/// A tensor inside a storage, checked to lie within its bounds.
///
/// Dimensions of length 1 are left out, since their strides have no meaning and may be any number.
struct StridedTensor {
  private let storage: UnsafeRawBufferPointer
  private let size: Int
  private let offset: Int
  private let shape: [Int]
  private let strides: [Int]
  private let count: Int

  /// Checks that every element of the tensor lies in its storage, whose bytes are given.
  init(_ tensor: Pickle.Tensor, of storage: UnsafeRawBufferPointer) throws(Refusal) {
    self.storage = storage
    size = tensor.storage.type.size
    offset = tensor.offset
    let sides = zip(tensor.shape, tensor.strides).filter { side, _ in side != 1 }
    shape = sides.map(\.0)
    strides = sides.map(\.1)
    guard tensor.shape.count == tensor.strides.count, offset >= 0, tensor.strides.allSatisfy({ $0 >= 0 }),
      let byteCount = tensor.storage.type.byteCount(shape: tensor.shape)
    else {
      throw .malformed("its shape \(tensor.shape) and strides \(tensor.strides) describe no tensor")
    }
    count = byteCount / size
    guard count <= tensor.storage.count else {
      throw .malformed("\(count) elements are too many for a storage of \(tensor.storage.count)")
    }
    guard count == 0 || lastElement.map({ $0 < tensor.storage.count }) ?? false else {
      throw .malformed(
        "offset \(offset), shape \(tensor.shape) and strides \(tensor.strides) lead out of a storage of \(tensor.storage.count)"
      )
    }
  }

  /// The tensor's bytes in place, if they are in row-major order and aligned for their type.
  var lent: UnsafeRawBufferPointer? {
    guard count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    guard isRowMajor, Int(bitPattern: storage.baseAddress).isMultiple(of: size) else { return nil }
    return UnsafeRawBufferPointer(rebasing: storage[offset * size..<(offset + count) * size])
  }

  /// Copies the tensor's bytes to row-major order.
  func gathered() -> OwnedBytes {
    OwnedBytes(count: count * size) { target in
      var index = [Int](repeating: 0, count: shape.count)
      var source = offset
      for place in 0..<count {
        let element = UnsafeRawBufferPointer(rebasing: storage[source * size..<(source + 1) * size])
        UnsafeMutableRawBufferPointer(rebasing: target[(place * size)...]).copyMemory(from: element)
        advance(&index, &source)
      }
    }
  }

  /// Advances to the next index in row-major order, and to its element's position.
  private func advance(_ index: inout [Int], _ source: inout Int) {
    for side in shape.indices.reversed() {
      index[side] += 1
      source += strides[side]
      if index[side] < shape[side] { return }
      source -= strides[side] * shape[side]
      index[side] = 0
    }
  }

  private var isRowMajor: Bool {
    var expected = 1
    for (side, stride) in zip(shape, strides).reversed() {
      guard stride == expected else { return false }
      expected *= side
    }
    return true
  }

  /// The position of the element with the highest indices; nil on overflow.
  private var lastElement: Int? {
    var last = offset
    for (side, stride) in zip(shape, strides) {
      let (distance, tooFar) = (side - 1).multipliedReportingOverflow(by: stride)
      let (sum, overflows) = last.addingReportingOverflow(distance)
      guard !tooFar, !overflows else { return nil }
      last = sum
    }
    return last
  }
}

/// Bytes that are freed with their owner.
final class OwnedBytes {
  /// Valid as long as this object lives.
  let bytes: UnsafeRawBufferPointer

  /// Allocates `count` bytes, aligned for every element type, and lets `fill` initialise them.
  init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
    fill(memory)
    bytes = UnsafeRawBufferPointer(memory)
  }

  deinit { bytes.deallocate() }
}
