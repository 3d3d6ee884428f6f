import System

/// A class by the name of its folder, which to the file system is bytes and no text.
///
/// Names are equal where their bytes are. A letter with its mark in one code point and the two apart are different names,
/// which Swift's strings call equal.
public struct ClassName: Hashable, Sendable {
  /// The folder's name.
  public let bytes: [UInt8]

  /// The name of a folder.
  public init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Whether both are different bytes for the same characters, so that nobody can tell them apart.
  public func looksLike(_ other: ClassName) -> Bool {
    guard self != other, let characters, let others = other.characters else { return false }
    return characters == others
  }

  /// What a reader sees, compared as such; nil for bytes that are no UTF-8.
  var characters: String? { String(validating: bytes, as: UTF8.self) }

  /// The name with everything but ASCII as code points or bytes, to tell look-alikes apart.
  public var spelling: String {
    spelled(bytes) { $0.isASCII ? masked(String($0)) : "\\u{\(String($0.value, radix: 16))}" }
  }

  /// The name as text for files: itself, but `\\` for a backslash and `\xHH` for a line break or a byte that is no UTF-8.
  ///
  /// So each name has a text of its own, and lines of names can be told apart.
  public var text: String {
    spelled(bytes) { scalar in
      switch scalar {
      case "\\": "\\\\"
      case "\n": hexadecimal(10)
      default: String(Character(scalar))
      }
    }
  }

  /// Reads `text` back; a backslash that begins neither `\\` nor `\xHH` is meant as it stands.
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

  // The byte of `xHH`, which follows a backslash.
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
  /// Byte order, which for UTF-8 is Python's order of code points. Swift's own order of strings is another one.
  public static func < (a: ClassName, b: ClassName) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}

extension ClassName: CustomStringConvertible, ExpressibleByStringLiteral {
  /// The name as it may stand on a terminal.
  public var description: String { masked(bytes) }

  /// The UTF-8 of a name in code.
  public init(stringLiteral name: String) {
    self.init(bytes: Array(name.utf8))
  }
}

extension ClassName: Codable {
  /// Reads the name's text.
  public init(from decoder: any Decoder) throws {
    self.init(text: try decoder.singleValueContainer().decode(String.self))
  }

  /// Writes the name's text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
