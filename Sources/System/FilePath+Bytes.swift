public import SystemPackage

extension FilePath {
  /// The path as the file system knows it.
  public var bytes: [UInt8] {
    withPlatformString { Array(UnsafeRawBufferPointer(start: $0, count: length)) }
  }

  /// `name` below this path: one or several components as bytes, without a slash in front.
  public func appending(bytes name: some Sequence<UInt8>) -> FilePath {
    pushing(FilePath(platformString: name.map(CInterop.PlatformChar.init(bitPattern:)) + [0]))
  }

  /// The path as one word of a command that a user may paste into bash: in quotes where it needs them.
  public var quoted: String { shellWord(escapes: \.isUnsafeToShow) }

  /// Likewise in ASCII alone, for a name whose very bytes matter: `$'A\xcc\x88pfel'`.
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
