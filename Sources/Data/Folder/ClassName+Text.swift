import System

extension ClassName {
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
