public import SystemPackage

/// Makes a text safe for a terminal or a line of a log: nothing in it moves a cursor or changes a colour.
///
/// Control characters (C0, DEL, C1), line and paragraph separators and bidirectional marks become `\n`, `\t`,
/// `\xHH` or `\u{…}`. A backslash is doubled only if something else was escaped, so that ordinary texts stay
/// unchanged.
public func masked(_ text: some StringProtocol) -> String {
  guard text.unicodeScalars.contains(where: \.isUnsafeToShow) else { return String(text) }
  return text.unicodeScalars.reduce(into: "") { $0 += $1.masked }
}

/// Does the same for lines of text, whose ends stay.
public func maskedLines(_ text: String) -> String {
  // By code points: as a Swift character, "\r\n" is a single one.
  text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    .map { masked(Substring($0)) }.joined(separator: "\n")
}

/// Does the same for bytes that should be UTF-8; invalid bytes become `\xHH`.
public func masked(_ bytes: some Sequence<UInt8>) -> String {
  let bytes = Array(bytes)
  return isValidUTF8(bytes) ? masked(String(decoding: bytes, as: UTF8.self)) : spelled(bytes, \.masked)
}

/// Decodes bytes that should be UTF-8: characters become what `spelling` returns, invalid bytes `\xHH`.
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
  /// The path made safe for a terminal or a line of a log.
  public var masked: String {
    System.masked(bytes)
  }
}

/// `\xHH`, as shells, C and Python write a byte.
public func hexadecimal(_ byte: UInt8) -> String {
  "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
}

extension Unicode.Scalar {
  fileprivate var isUnsafeToShow: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: true
    // Bidirectional embeddings, overrides, isolates and marks, which reorder what is read.
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

extension FilePath {
  /// The path's bytes.
  public var bytes: [UInt8] {
    withPlatformString { Array(UnsafeRawBufferPointer(start: $0, count: length)) }
  }

  /// The path of `name` below this one: one or several components as bytes, without a leading slash.
  public func appending(bytes name: some Sequence<UInt8>) -> FilePath {
    pushing(FilePath(platformString: name.map(CInterop.PlatformChar.init(bitPattern:)) + [0]))
  }

  /// The path as one word of a bash command, quoted if necessary.
  public var quoted: String { shellWord(escapes: \.isUnsafeToShow) }

  /// The same in ASCII only, for names whose exact bytes matter: `$'A\xcc\x88pfel'`.
  public var quotedInASCII: String { shellWord { !$0.isASCII || $0.isUnsafeToShow } }

  private func shellWord(escapes isEscaped: (Unicode.Scalar) -> Bool) -> String {
    // A path that begins with a dash would be taken for an option.
    let bytes = (bytes.first == UInt8(ascii: "-") ? Array("./".utf8) : []) + bytes
    let text = String(validating: bytes, as: UTF8.self)
    if let text, !text.isEmpty, text.utf8.allSatisfy(Self.isPlain) { return text }
    if let text, !text.unicodeScalars.contains(where: isEscaped) {
      return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
        + "'"
    }
    let word = spelled(bytes) { scalar in
      if isEscaped(scalar) { return String(scalar).utf8.map(hexadecimal).joined() }
      return scalar == "'" || scalar == "\\" ? "\\\(scalar)" : String(Character(scalar))
    }
    return "$'\(word)'"
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "/._-+,:@%=".utf8.contains(byte)
    }
  }
}

/// Escapes text for HTML, between tags and in quoted attributes; it is also safe for a terminal.
public func escaped(_ text: String) -> String {
  masked(text).reduce(into: "") { result, character in
    switch character {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    default: result.append(character)
    }
  }
}
