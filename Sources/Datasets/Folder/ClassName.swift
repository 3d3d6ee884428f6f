import System

/// A class name, which is the name of its folder: bytes, not text, to the file system.
///
/// Names are equal if their bytes are. An accented letter as one code point or as two gives different names,
/// which Swift's strings would call equal.
public struct ClassName: Hashable, Sendable {
  /// The folder's name.
  public let bytes: [UInt8]

  /// Makes the name of a folder.
  public init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Whether both names show the same characters with different bytes.
  public func looksLike(_ other: ClassName) -> Bool {
    guard self != other, let characters, let others = other.characters else { return false }
    return characters == others
  }

  /// The characters a reader sees; nil for bytes that are not UTF-8.
  var characters: String? { String(validating: bytes, as: UTF8.self) }

  /// The name with everything but ASCII as code points or bytes, to tell look-alikes apart.
  public var spelling: String {
    spelled(bytes) { $0.isASCII ? masked(String($0)) : "\\u{\(String($0.value, radix: 16))}" }
  }

  /// The name as text for files: as it is, except `\\` for a backslash and `\xHH` for a line break or a byte
  /// that is not UTF-8.
  ///
  /// So every name has a text of its own, without line breaks.
  public var text: String {
    spelled(bytes) { scalar in
      switch scalar {
      case "\\": "\\\\"
      case "\n": hexadecimal(10)
      default: String(Character(scalar))
      }
    }
  }

  /// Parses `text`; a backslash that begins neither `\\` nor `\xHH` stands for itself.
  public init(text: some StringProtocol) {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      if rest.first == byte {
        rest = rest.dropFirst()
        bytes.append(byte)
      } else if let escaped = Self.escapedByte(rest) {
        rest = rest.dropFirst(3)
        bytes.append(escaped)
      } else {
        bytes.append(byte)
      }
    }
    self.init(bytes: bytes)
  }

  // The byte of `xHH` after a backslash.
  private static func escapedByte(_ text: ArraySlice<UInt8>) -> UInt8? {
    let digits = text.dropFirst().prefix(2)
    guard text.first == UInt8(ascii: "x"), digits.count == 2, digits.allSatisfy(Self.isHexadecimal) else {
      return nil
    }
    return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    "0123456789abcdefABCDEF".utf8.contains(byte)
  }
}

extension ClassName: Comparable {
  /// Orders by bytes, which for UTF-8 is Python's order of code points; Swift's strings order differently.
  public static func < (a: ClassName, b: ClassName) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}

extension ClassName: CustomStringConvertible, ExpressibleByStringLiteral {
  /// The name, safe to print on a terminal.
  public var description: String { masked(bytes) }

  /// Makes a name from a literal's UTF-8.
  public init(stringLiteral name: String) {
    self.init(bytes: Array(name.utf8))
  }
}

extension ClassName: Codable {
  /// Decodes the name's text.
  public init(from decoder: any Decoder) throws {
    self.init(text: try decoder.singleValueContainer().decode(String.self))
  }

  /// Encodes the name's text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
