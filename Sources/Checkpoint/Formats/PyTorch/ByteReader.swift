import System

/// Why bytes are refused by a reader of weights.
enum Refusal: Error, Equatable {
  /// They violate their format, or use a part of it that weights do not need.
  case malformed(String)
  /// They name a Python object that weights do not consist of.
  case foreign(global: String)
}

/// Reads little-endian numbers from front to back, with bounds checks.
struct ByteReader {
  private let bytes: UnsafeRawBufferPointer
  private(set) var position: Int

  /// Makes a reader that starts `position` bytes into `bytes`.
  init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) throws(Refusal) {
    guard (0...bytes.count).contains(position) else {
      throw .malformed("it points to byte \(position) of \(bytes.count)")
    }
    self.bytes = bytes
    self.position = position
  }

  /// Reads the next `count` bytes.
  mutating func take(_ count: Int) throws(Refusal) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= bytes.count - position else {
      throw .malformed("it ends early: \(count) bytes are wanted at byte \(position) of \(bytes.count)")
    }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  /// Reads the next number of that type.
  mutating func integer<Value: FixedWidthInteger>(_: Value.Type) throws(Refusal) -> Value {
    Value(littleEndian: try take(MemoryLayout<Value>.size).loadUnaligned(as: Value.self))
  }

  /// Reads the next number of that type as a count or a position.
  mutating func count<Value: FixedWidthInteger & UnsignedInteger>(_ type: Value.Type) throws(Refusal) -> Int {
    let value = try integer(type)
    guard let count = Int(exactly: value) else { throw .malformed("it counts \(value) of something") }
    return count
  }

  /// Reads the next `count` bytes as text.
  mutating func text(_ count: Int) throws(Refusal) -> String {
    guard let text = String(validating: try take(count), as: UTF8.self) else {
      throw .malformed("a text in it is not UTF-8")
    }
    return text
  }

  /// Reads the text up to the next line break, which is consumed.
  mutating func line() throws(Refusal) -> String {
    guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else {
      throw .malformed("it ends inside a name")
    }
    defer { position += 1 }
    return try text(end - position)
  }
}

extension String {
  /// A text from a file, made safe for an error message: short and without terminal control characters.
  var printable: String {
    let shown = unicodeScalars.prefix(100)
    return masked(String(shown)) + (shown.endIndex < unicodeScalars.endIndex ? "…" : "")
  }

  /// Whether the text contains no terminal control characters.
  var isPrintable: Bool { masked(self) == self }
}
