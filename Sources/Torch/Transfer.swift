import CTorch

/// Tensors on the CPU as tensors of a device, by one copy of all of them, for which nobody waits.
///
/// They lie in one memory of the device, which stays as long as one of them does.
public func uploaded(
  _ tensors: [Tensor], to device: Device, file: StaticString = #fileID, line: UInt = #line
) -> [Tensor] {
  let handles = tensors.map { Optional($0.handle) }
  var there = [OpaquePointer?](repeating: nil, count: tensors.count)
  let status = withExtendedLifetime(tensors) {  // the handles alone keep no tensor alive
    ct_upload(handles, Int32(tensors.count), device.kind.rawValue, Int32(device.index), &there)
  }
  check(status, file, line)
  return there.compactMap { $0.map(Tensor.init(taking:)) }
}

/// Other tensors of the CPU to where `uploaded` has put some of the same types and shapes, by one copy too.
public func upload(
  _ tensors: [Tensor], over there: [Tensor], file: StaticString = #fileID, line: UInt = #line
) {
  require(tensors.count == there.count && !there.isEmpty, "lists of unequal length", file, line)
  let handles = (tensors.map { Optional($0.handle) }, there.map { Optional($0.handle) })
  let status = withExtendedLifetime((tensors, there)) {  // the handles alone keep no tensor alive
    ct_upload_again(handles.0, Int32(tensors.count), handles.1)
  }
  check(status, file, line)
}

/// A few doubles of a device on their way to the host.
public final class Readback {
  private let handle: OpaquePointer
  private let count: Int

  /// Begins to copy the elements that a contiguous float64 tensor has once all that was asked of its device is done.
  public init(_ tensor: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    count = tensor.count
    handle = newHandle(file, line) { ct_readback_begin(tensor.handle, $0) }
  }

  deinit { ct_readback_free(handle) }

  /// The elements in row-major order; waits where they are not there yet.
  public func numbers(file: StaticString = #fileID, line: UInt = #line) -> [Double] {
    var numbers = [Double](repeating: 0, count: count)
    check(ct_readback_finish(handle, &numbers, Int64(count)), file, line)
    return numbers
  }
}
