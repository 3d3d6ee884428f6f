internal import CCRC32C

/// The CRC-32C (Castagnoli) of bytes given in one or many pieces, by the processor's instructions where it has them.
public struct CRC32C: Equatable, Sendable {
  /// The checksum of the bytes so far.
  public private(set) var value: UInt32 = 0

  /// The checksum of no bytes.
  public init() {}

  /// The checksum of `bytes`.
  public init(of bytes: UnsafeRawBufferPointer) { update(with: bytes) }

  /// Continues with `bytes`.
  public mutating func update(with bytes: UnsafeRawBufferPointer) {
    value = ccrc32c(value, bytes.baseAddress, bytes.count)
  }
}
