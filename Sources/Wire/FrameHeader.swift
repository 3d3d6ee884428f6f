import System

/// The header before every message's bytes: sender, position, and checksums of both header and payload.
///
/// Wire does not interpret the codes; the layer above defines operations and elements.
public struct FrameHeader: Equatable, Sendable {
  /// The size of an encoded header, in bytes.
  public static let byteCount = 72

  /// The operation's code, defined by the layer above.
  public var operation: UInt8
  /// The element type's code, defined by the layer above.
  public var element: UInt8
  /// ``digest(ofRun:)`` of the sender's run.
  public var run: UInt64
  /// How often that run has started its workers, from 0.
  public var generation: UInt32
  /// The sender's rank.
  public var rank: UInt16
  /// The sender's number of ranks.
  public var size: UInt16
  /// The sender's number of the operation, from 0.
  public var sequence: UInt64
  /// The step within the operation.
  public var step: UInt32
  /// The segment within the step.
  public var segment: UInt32
  /// The number of elements of the whole operation.
  public var count: UInt64
  /// The index of the first of these elements in their buffer.
  public var start: UInt64
  /// The bytes of the payload, all parts together.
  public var length: UInt32
  /// The CRC-32C of the payload.
  public var payloadChecksum: UInt32
  /// The rank that the operation concerns, if any.
  public var root: UInt16

  /// Makes a header without payload.
  public init(operation: UInt8, element: UInt8, run: UInt64, generation: UInt32, rank: UInt16, size: UInt16) {
    self.operation = operation
    self.element = element
    self.run = run
    self.generation = generation
    self.rank = rank
    self.size = size
    sequence = 0
    step = 0
    segment = 0
    count = 0
    start = 0
    length = 0
    payloadChecksum = 0
    root = 0
  }

  /// A run's name as a 64-bit hash (FNV-1a).
  public static func digest(ofRun name: String) -> UInt64 {
    fnv1a(name.utf8)
  }
}

/// Why bytes are not a header.
public enum FrameError: Error, Equatable, Sendable {
  /// They are too few.
  case length(Int)
  /// They do not start with the magic number.
  case magic(UInt32)
  /// They have an unknown version.
  case version(UInt16)
  /// Their checksum does not match.
  case checksum(expected: UInt32, found: UInt32)
}

extension FrameError: CustomStringConvertible {
  /// What is wrong with the header.
  public var description: String {
    switch self {
    case .length(let bytes): "\(bytes) bytes, fewer than a header's \(FrameHeader.byteCount)"
    case .magic(let word): "no header: it starts with 0x\(String(word, radix: 16))"
    case .version(let version): "a header of version \(version) instead of \(FrameHeader.version)"
    case .checksum(let expected, let found):
      "a header whose CRC-32C is 0x\(String(found, radix: 16)) instead of 0x\(String(expected, radix: 16))"
    }
  }
}

extension FrameHeader {
  /// "TWLN" in memory.
  static let magic: UInt32 = 0x4E4C_5754
  /// The version of the layout below.
  static let version: UInt16 = 2
  /// The header's own checksum comes last and covers everything before it.
  private static let checksumOffset = byteCount - 4

  /// Writes the header into the first ``byteCount`` bytes of `bytes`, little-endian.
  public func encode(into bytes: UnsafeMutableRawBufferPointer) {
    bytes.store(Self.magic, at: 0)
    bytes.store(Self.version, at: 4)
    bytes.store(operation, at: 6)
    bytes.store(element, at: 7)
    bytes.store(run, at: 8)
    bytes.store(generation, at: 16)
    bytes.store(rank, at: 20)
    bytes.store(size, at: 22)
    bytes.store(sequence, at: 24)
    bytes.store(step, at: 32)
    bytes.store(segment, at: 36)
    bytes.store(count, at: 40)
    bytes.store(start, at: 48)
    bytes.store(length, at: 56)
    bytes.store(payloadChecksum, at: 60)
    bytes.store(root, at: 64)
    bytes.store(UInt16(0), at: 66)
    bytes.store(Self.checksum(of: UnsafeRawBufferPointer(bytes)), at: Self.checksumOffset)
  }

  /// Decodes the header at the start of `bytes`, and verifies its checksum.
  public init(decoding bytes: UnsafeRawBufferPointer) throws(FrameError) {
    try Self.check(bytes)
    self.init(
      operation: bytes.load(at: 6), element: bytes.load(at: 7), run: bytes.load(at: 8),
      generation: bytes.load(at: 16), rank: bytes.load(at: 20), size: bytes.load(at: 22))
    sequence = bytes.load(at: 24)
    step = bytes.load(at: 32)
    segment = bytes.load(at: 36)
    count = bytes.load(at: 40)
    start = bytes.load(at: 48)
    length = bytes.load(at: 56)
    payloadChecksum = bytes.load(at: 60)
    root = bytes.load(at: 64)
  }

  private static func check(_ bytes: UnsafeRawBufferPointer) throws(FrameError) {
    guard bytes.count >= byteCount else { throw .length(bytes.count) }
    guard bytes.load(at: 0) == magic else { throw .magic(bytes.load(at: 0)) }
    let expected = checksum(of: bytes)
    let found: UInt32 = bytes.load(at: checksumOffset)
    guard expected == found else { throw .checksum(expected: expected, found: found) }
    guard bytes.load(at: 4) == version else { throw .version(bytes.load(at: 4)) }
  }

  private static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    CRC32C(of: UnsafeRawBufferPointer(rebasing: bytes[..<checksumOffset])).value
  }
}

extension UnsafeMutableRawBufferPointer {
  fileprivate func store(_ value: some FixedWidthInteger & BitwiseCopyable, at offset: Int) {
    storeBytes(of: value.littleEndian, toByteOffset: offset, as: type(of: value))
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func load<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Value {
    Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
  }
}
