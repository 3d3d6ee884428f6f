/// A Protocol Buffers message, written field by field.
///
/// The encoding is described on protobuf.dev: a key of field number and wire type, then a varint, eight or
/// four bytes, or a length and bytes.
public struct ProtobufMessage: Sendable {
  /// The encoded message.
  public private(set) var bytes: [UInt8] = []

  /// Makes a message without fields.
  public init() {}

  /// Adds an integer as a varint.
  public mutating func add(_ field: Int, _ value: Int) {
    addVarint(UInt64(field) << 3 | 0)
    addVarint(UInt64(bitPattern: Int64(value)))
  }

  /// Adds an eight-byte number.
  public mutating func add(_ field: Int, _ value: Double) {
    addVarint(UInt64(field) << 3 | 1)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  /// Adds a four-byte number.
  public mutating func add(_ field: Int, _ value: Float) {
    addVarint(UInt64(field) << 3 | 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  /// Adds bytes.
  public mutating func add(_ field: Int, _ content: some Collection<UInt8>) {
    addVarint(UInt64(field) << 3 | 2)
    addVarint(UInt64(content.count))
    bytes += content
  }

  /// Adds a text.
  public mutating func add(_ field: Int, _ text: String) { add(field, text.utf8) }
  /// Adds a message.
  public mutating func add(_ field: Int, _ message: ProtobufMessage) { add(field, message.bytes) }

  private mutating func addVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// Reads the fields of a message in order; ends at the first malformed byte.
public struct ProtobufFields: Sequence, IteratorProtocol {
  private var rest: ArraySlice<UInt8>

  /// Reads a message's bytes.
  public init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// A field's value, as encoded.
  public enum Value {
    /// An integer.
    case varint(UInt64)
    /// Eight bytes.
    case fixed64(UInt64)
    /// Four bytes.
    case fixed32(UInt32)
    /// A text, bytes or a message.
    case bytes(ArraySlice<UInt8>)
  }

  /// Returns the next field and its number.
  public mutating func next() -> (field: Int, value: Value)? {
    guard let key = varint(), let value = value(ofKind: key & 7) else { return nil }
    return (Int(truncatingIfNeeded: key >> 3), value)
  }

  private mutating func value(ofKind kind: UInt64) -> Value? {
    switch kind {
    case 0: varint().map(Value.varint)
    case 1: take(8).map { .fixed64(littleEndian($0)) }
    case 5: take(4).map { .fixed32(UInt32(truncatingIfNeeded: littleEndian($0))) }
    case 2: varint().flatMap { Int(exactly: $0) }.flatMap { take($0) }.map(Value.bytes)
    default: nil
    }
  }

  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7f) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    return nil
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }
}

/// The little-endian number in these bytes.
public func littleEndian(_ bytes: some BidirectionalCollection<UInt8>) -> UInt64 {
  bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
}
