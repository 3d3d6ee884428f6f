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
