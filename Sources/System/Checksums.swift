internal import CISAL

/// The CRC-32C (Castagnoli) of bytes in one or many pieces, at memory speed (RFC 3720, appendix B.4).
///
/// It detects every changed byte and every error burst of up to 32 bits; it does not protect against forgery.
public struct CRC32C: Equatable, Sendable {
  /// The checksum of the bytes so far.
  public private(set) var value: UInt32 = 0

  /// The library's length is a signed 32-bit number.
  private static let longestCall = 1 << 30

  /// The checksum of no bytes.
  public init() {}

  /// The checksum of `bytes`.
  public init(of bytes: UnsafeRawBufferPointer) { update(with: bytes) }

  /// Continues with `bytes`.
  public mutating func update(with bytes: UnsafeRawBufferPointer) {
    for start in stride(from: 0, to: bytes.count, by: Self.longestCall) {
      let piece = UnsafeRawBufferPointer(
        rebasing: bytes[start..<min(bytes.count, start + Self.longestCall)])
      // The function only reads, and leaves inverting the bits before and after to its caller.
      let first = UnsafeMutablePointer(mutating: piece.assumingMemoryBound(to: UInt8.self).baseAddress)
      value = ~crc32_iscsi(first, CInt(piece.count), ~value)
    }
  }
}

/// The checksum of Ethernet, PNG and zip archives (ISO 3309).
public enum CRC32 {
  /// The checksum of these bytes.
  public static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    guard let first = bytes.assumingMemoryBound(to: UInt8.self).baseAddress else { return 0 }
    return crc32_gzip_refl(0, first, UInt64(bytes.count))
  }
}

/// A hash of a name that is equal in every process: 64-bit FNV-1a of its bytes.
public func fnv1a(_ bytes: some Sequence<UInt8>) -> UInt64 {
  bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}
