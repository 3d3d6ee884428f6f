internal import CKernels

/// How the floats of a sum travel between ranks.
///
/// Sixteen bits halve the bytes on the wire: each partial sum is rounded before it goes on, and the result too.
public enum WireFormat: String, CaseIterable, Sendable {
  /// As they are.
  case float32
  /// The range of float32 with 8 bits of precision.
  case bfloat16
  /// 11 bits of precision, up to 65,504.
  case float16
}

extension WireFormat {
  /// Bytes on the wire for some bytes of float32.
  func byteCount(for floatBytes: Int) -> Int { half == nil ? floatBytes : floatBytes / 2 }

  /// Writes floats as they travel.
  func write(_ floats: UnsafeRawBufferPointer, to payload: UnsafeMutableRawBufferPointer) {
    guard let half else { return payload.copyMemory(from: floats) }
    floats_round(half, payload.baseAddress, floats.baseAddress, floats.count / width)
  }

  /// Adds floats to travelling sums.
  func add(_ floats: UnsafeRawBufferPointer, to payload: UnsafeMutableRawBufferPointer) {
    guard let half else {
      return floats_add(payload.baseAddress, floats.baseAddress, floats.count / width)
    }
    floats_add_rounded(half, payload.baseAddress, floats.baseAddress, floats.count / width)
  }

  /// Reads travelling floats.
  func read(_ payload: UnsafeRawBufferPointer, to floats: UnsafeMutableRawBufferPointer) {
    guard let half else { return copy(payload, to: floats) }
    floats_widen(half, floats.baseAddress, payload.baseAddress, floats.count / width)
  }

  /// Copies what travels as it is, which may be bytes of any kind.
  ///
  /// A strip of a long buffer is not read again before the operation is over: to fetch what it held, and to keep it in the
  /// caches, would be in vain.
  private func copy(_ payload: UnsafeRawBufferPointer, to floats: UnsafeMutableRawBufferPointer) {
    let isFloats =
      Int(bitPattern: floats.baseAddress).isMultiple(of: width) && floats.count.isMultiple(of: width)
    guard isFloats, floats.count >= Self.longStrip else { return floats.copyMemory(from: payload) }
    floats_spread([floats.baseAddress], 1, payload.baseAddress, 0, floats.count / width)
  }

  /// Bytes from which on a copy past the caches is worth its beginning and end.
  private static let longStrip = 4096

  /// The code of the elements in a message's header.
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
