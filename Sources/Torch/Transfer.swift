import CTorch

/// Copies CPU tensors to a device by a single asynchronous copy.
///
/// The results share one block of device memory, which lives as long as any of them.
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

/// Copies CPU tensors over earlier results of `uploaded`, of the same types and shapes, by a single
/// asynchronous copy.
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

/// An asynchronous copy of a tensor to the host, queued after all earlier work on the device.
public final class Readback: Sendable {
  // Safe: the handle never changes, and its calls only wait; the bytes are accessed only after waiting.
  private nonisolated(unsafe) let handle: OpaquePointer

  /// Begins to copy a contiguous tensor.
  public init(_ tensor: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    handle = newHandle(file, line) { ct_readback_begin(tensor.handle, $0) }
  }

  deinit { ct_readback_free(handle) }

  /// The copied bytes, in row-major order; valid while this object lives, once the copy is done.
  public var place: UnsafeMutableRawBufferPointer {
    var count = 0
    let start = ct_readback_place(handle, &count)
    return UnsafeMutableRawBufferPointer(start: start, count: count)
  }

  /// Whether the copy is done.
  public func isDone(file: StaticString = #fileID, line: UInt = #line) -> Bool {
    var isDone = false
    check(ct_readback_is_done(handle, &isDone), file, line)
    return isDone
  }

  /// Waits until the copy is done, on any thread.
  public func wait(file: StaticString = #fileID, line: UInt = #line) {
    check(ct_readback_finish(handle), file, line)
  }

  /// Waits for the copy of a float64 tensor and returns its elements.
  public func numbers(file: StaticString = #fileID, line: UInt = #line) -> [Double] {
    wait(file: file, line: line)
    return Array(place.bindMemory(to: Double.self))
  }
}
