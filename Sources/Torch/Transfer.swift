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

/// Elements of a device on their way to the host, behind all that was asked of the device before.
public final class Readback: Sendable {
  // Safe: the handle never changes, and what is behind it only waits; the bytes are touched by who has waited.
  private nonisolated(unsafe) let handle: OpaquePointer

  /// Begins to copy a contiguous tensor.
  public init(_ tensor: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    handle = newHandle(file, line) { ct_readback_begin(tensor.handle, $0) }
  }

  deinit { ct_readback_free(handle) }

  /// Where the bytes arrive, in row-major order, in memory that stays as long as this.
  public var place: UnsafeMutableRawBufferPointer {
    var count = 0
    let start = ct_readback_place(handle, &count)
    return UnsafeMutableRawBufferPointer(start: start, count: count)
  }

  /// Whether they are there.
  public func isDone(file: StaticString = #fileID, line: UInt = #line) -> Bool {
    var isDone = false
    check(ct_readback_is_done(handle, &isDone), file, line)
    return isDone
  }

  /// Returns when they are there, on whichever thread.
  public func wait(file: StaticString = #fileID, line: UInt = #line) {
    check(ct_readback_finish(handle), file, line)
  }

  /// The elements of a float64 tensor; waits where they are not there yet.
  public func numbers(file: StaticString = #fileID, line: UInt = #line) -> [Double] {
    wait(file: file, line: line)
    return Array(place.bindMemory(to: Double.self))
  }
}
