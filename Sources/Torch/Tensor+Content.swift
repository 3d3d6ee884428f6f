import CKernels
import CTorch

extension Tensor {
  /// The single element of a one-element tensor; waits for the device.
  public func item(file: StaticString = #fileID, line: UInt = #line) -> Double {
    var value = 0.0
    check(ct_item(handle, &value), file, line)
    return value
  }

  /// All elements in row-major order.
  public func elements<Element: TensorElement>(
    as _: Element.Type = Element.self, file: StaticString = #fileID, line: UInt = #line
  ) -> [Element] {
    require(dtype == Element.dtype, "a tensor of \(dtype) read as \(Element.self)", file, line)
    return Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      copy(into: UnsafeMutableRawBufferPointer(buffer), file: file, line: line)
      initialized = count
    }
  }

  /// Copies all bytes, in row-major order, into `bytes`, which must be exactly as long.
  public func copy(
    into bytes: UnsafeMutableRawBufferPointer, file: StaticString = #fileID, line: UInt = #line
  ) {
    check(ct_copy_to_bytes(handle, bytes.baseAddress, bytes.count), file, line)
  }

  /// Replaces all elements by `bytes`, in row-major order and of the tensor's own type.
  public func fill(
    from bytes: UnsafeRawBufferPointer, file: StaticString = #fileID, line: UInt = #line
  ) {
    check(ct_copy_from_bytes(handle, bytes.baseAddress, bytes.count), file, line)
  }

  /// The memory of a contiguous float32 CPU tensor; valid while the tensor lives.
  public func floats(
    file: StaticString = #fileID, line: UInt = #line
  ) -> UnsafeMutableBufferPointer<Float> { memory(of: Float.self, file: file, line: line) }

  /// The addresses of a contiguous float32 tensor on its card, for other libraries of the card's; the host must not touch
  /// them. Valid while the tensor lives.
  public func cardFloats(
    file: StaticString = #fileID, line: UInt = #line
  ) -> UnsafeMutableBufferPointer<Float> {
    require(dtype == .float32, "a tensor of \(dtype) named as floats", file, line)
    var memory: UnsafeMutableRawPointer?
    check(ct_card_data(handle, &memory), file, line)
    return UnsafeMutableBufferPointer(start: memory?.assumingMemoryBound(to: Float.self), count: count)
  }

  /// The memory of a contiguous CPU tensor of that type; valid while the tensor lives.
  public func memory<Element: TensorElement>(
    of _: Element.Type, file: StaticString = #fileID, line: UInt = #line
  ) -> UnsafeMutableBufferPointer<Element> {
    require(dtype == Element.dtype, "the memory of a tensor of \(dtype) lent as \(Element.self)", file, line)
    var memory: UnsafeMutableRawPointer?
    check(ct_data(handle, &memory), file, line)
    return UnsafeMutableBufferPointer(start: memory?.assumingMemoryBound(to: Element.self), count: count)
  }

  /// Replaces every element by one value.
  public func fill(_ value: Double, file: StaticString = #fileID, line: UInt = #line) {
    check(ct_fill_(handle, value), file, line)
  }

  /// Replaces every element by zero.
  public func zero(file: StaticString = #fileID, line: UInt = #line) { fill(0, file: file, line: line) }

  /// Replaces every element by a draw from a normal distribution.
  ///
  /// Drawn on the CPU: a seed gives a float32 tensor the same numbers whatever its device.
  public func fillNormal(
    mean: Double = 0, deviation: Double, seed: UInt64, file: StaticString = #fileID, line: UInt = #line
  ) {
    check(ct_normal_(handle, mean, deviation, seed), file, line)
  }

  /// Replaces every element of a tensor on the CPU by 1 with a chance, else by 0; the same ones whatever the type.
  public func fillBernoulli(
    chance: Double, seed: UInt64, file: StaticString = #fileID, line: UInt = #line
  ) {
    check(ct_bernoulli_(handle, chance, seed), file, line)
  }

  /// Replaces every element by those of a tensor that broadcasts to this shape, converting type and device.
  public func copy(from source: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    check(ct_copy_(handle, source.handle), file, line)
  }

  /// Replaces elements of this contiguous float32 tensor: those with the numbers `places` `[n]` (int64) by `values` `[n]`.
  ///
  /// Elements are counted in row-major order; no number may come twice.
  public func replace(
    at places: Tensor, by values: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) {
    guard device == .cpu else { return check(ct_put_(handle, places.handle, values.handle), file, line) }
    require(places.count == values.count, "\(places.count) places for \(values.count) values", file, line)
    let (floats, numbers, new) = (floats(), places.memory(of: Int64.self), values.floats())
    let isDone = floats_replace(floats.baseAddress, count, numbers.baseAddress, new.baseAddress, new.count)
    require(isDone, "an element beyond a tensor's \(count) replaced", file, line)
  }
}
