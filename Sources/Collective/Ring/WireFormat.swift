internal import CKernels

/// The number format of sums that travel between ranks.
///
/// Sixteen bits halve the bytes on the wire, but each partial sum, and the result, is rounded.
public enum WireFormat: String, CaseIterable, Sendable {
  /// Unrounded.
  case float32
  /// The range of float32 with 8 bits of precision.
  case bfloat16
  /// 11 bits of precision, up to 65,504.
  case float16
}

extension WireFormat {
  /// The bytes on the wire for `floatBytes` bytes of float32.
  func byteCount(for floatBytes: Int) -> Int { half == nil ? floatBytes : floatBytes / 2 }

  /// Writes floats to a payload, rounded to this format.
  func write(_ floats: UnsafeRawBufferPointer, to payload: UnsafeMutableRawBufferPointer) {
    guard let half else { return payload.copyMemory(from: floats) }
    floats_round(half, payload.baseAddress, floats.baseAddress, floats.count / width)
  }

  /// Adds floats to the sums in a payload.
  func add(_ floats: UnsafeRawBufferPointer, to payload: UnsafeMutableRawBufferPointer) {
    guard let half else {
      return floats_add(payload.baseAddress, floats.baseAddress, floats.count / width)
    }
    floats_add_rounded(half, payload.baseAddress, floats.baseAddress, floats.count / width)
  }

  /// Reads floats from a payload.
  func read(_ payload: UnsafeRawBufferPointer, to floats: UnsafeMutableRawBufferPointer) {
    guard let half else { return copy(payload, to: floats) }
    floats_widen(half, floats.baseAddress, payload.baseAddress, floats.count / width)
  }

  /// Returns where a payload's floats lie: in the payload where they travel unrounded, else widened in `room`.
  func floats(
    of payload: UnsafeRawBufferPointer, in room: UnsafeMutableRawBufferPointer
  ) -> UnsafeRawPointer? {
    guard half != nil else { return payload.baseAddress }
    read(payload, to: room)
    return UnsafeRawPointer(room.baseAddress)
  }

  /// Rounds floats where they lie, as a payload would be; overwrites `room`.
  func round(_ floats: UnsafeMutableRawBufferPointer, through room: UnsafeMutableRawBufferPointer) {
    guard half != nil else { return }
    let rounded = UnsafeMutableRawBufferPointer(rebasing: room[..<byteCount(for: floats.count)])
    write(UnsafeRawBufferPointer(floats), to: rounded)
    read(UnsafeRawBufferPointer(rounded), to: floats)
  }

  /// Copies bytes of any kind that travel unrounded.
  ///
  /// A long buffer's strip is not read again during the operation, so stores that bypass the caches save
  /// bandwidth.
  private func copy(_ payload: UnsafeRawBufferPointer, to floats: UnsafeMutableRawBufferPointer) {
    let isFloats =
      Int(bitPattern: floats.baseAddress).isMultiple(of: width) && floats.count.isMultiple(of: width)
    guard isFloats, floats.count >= Self.longStrip else { return floats.copyMemory(from: payload) }
    floats_spread([floats.baseAddress], 1, payload.baseAddress, 0, floats.count / width)
  }

  /// The shortest strip, in bytes, for which a copy that bypasses the caches pays.
  private static let longStrip = 4096

  /// The code of this format in a message's header.
  var element: CollectiveCall.Element {
    switch self {
    case .float32: .float32
    case .bfloat16: .bfloat16
    case .float16: .float16
    }
  }

  private var width: Int { MemoryLayout<Float>.stride }

  private var half: floats_half? {
    switch self {
    case .float32: nil
    case .bfloat16: FLOATS_BFLOAT16
    case .float16: FLOATS_FLOAT16
    }
  }
}
