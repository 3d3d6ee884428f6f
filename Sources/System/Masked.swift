public import SystemPackage

/// `text` as it may stand on a terminal or in a line of a log: no byte of it moves a cursor or changes a colour.
///
/// Control characters (C0, DEL, C1), line and paragraph separators and marks that turn the direction of writing become
/// `\n`, `\t`, `\xHH` or `\u{…}`; so does the backslash, doubled, only where something else was escaped, so that ordinary
/// texts stay as they are.
public func masked(_ text: some StringProtocol) -> String {
  guard text.unicodeScalars.contains(where: \.isUnsafeToShow) else { return String(text) }
  return text.unicodeScalars.reduce(into: "") { $0 += $1.masked }
}

/// Lines of text, likewise; the ends of lines stay.
public func maskedLines(_ text: String) -> String {
  // By code points: to Swift's characters, "\r\n" is one.
  text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    .map { masked(Substring($0)) }.joined(separator: "\n")
}

/// Bytes that are meant to be UTF-8, likewise; a byte that is not part of a character becomes `\xHH`.
public func masked(_ bytes: some Sequence<UInt8>) -> String {
  let bytes = Array(bytes)
  return isValidUTF8(bytes) ? masked(String(decoding: bytes, as: UTF8.self)) : spelled(bytes, \.masked)
}

/// Bytes that are meant to be UTF-8 as text: characters as `spelling` writes them, any other byte as `\xHH`.
public func spelled(_ bytes: some Sequence<UInt8>, _ spelling: (Unicode.Scalar) -> String) -> String {
  var text = ""
  var rest = Array(bytes)[...]
  while let first = rest.first {
    var decoder = UTF8()
    var iterator = rest.makeIterator()
    switch decoder.decode(&iterator) {
    case .scalarValue(let scalar):
      text += spelling(scalar)
      rest = rest.dropFirst(UTF8.width(scalar))
    case .emptyInput, .error:
      text += hexadecimal(first)
      rest = rest.dropFirst()
    }
  }
  return text
}

/// Whether the bytes are well-formed UTF-8.
public func isValidUTF8(_ bytes: some Collection<UInt8>) -> Bool {
  String(validating: bytes, as: UTF8.self) != nil
}

extension FilePath {
  /// The path as it may stand on a terminal or in a line of a log.
  public var masked: String {
    System.masked(bytes)
  }
}

/// `\xHH`, as shells, C and Python write a byte.
public func hexadecimal(_ byte: UInt8) -> String {
  "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
}

extension Unicode.Scalar {
  var isUnsafeToShow: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: true
    // Embeddings, overrides, isolates and marks of direction: they reorder what is read.
    case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  fileprivate var masked: String {
    switch self {
    case "\\": return "\\\\"
    case "\n": return "\\n"
    case "\r": return "\\r"
    case "\t": return "\\t"
    default: break
    }
    guard isUnsafeToShow else { return String(Character(self)) }
    return isASCII ? hexadecimal(UInt8(value)) : "\\u{\(String(value, radix: 16))}"
  }
}
