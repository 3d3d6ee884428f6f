internal import Glibc

/// The special characters in the programs' own texts: arrows and dashes if the locale uses UTF-8, otherwise
/// ASCII replacements.
///
/// Other non-ASCII text, such as names of files and classes, is the user's and stays unchanged.
public struct Signs: Equatable, Sendable {
  /// Whether the locale's encoding is UTF-8.
  public let areUTF8: Bool

  /// Determines the characters from a user's variables, of which the first one set decides.
  public init(_ environment: [String: String]) { self.init { environment[$0] } }

  private init(_ variable: (String) -> String?) {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(variable).first { !$0.isEmpty }
    let name = locale?.lowercased() ?? ""
    areUTF8 = name.contains("utf-8") || name.contains("utf8")
  }

  /// The characters of this process.
  public static let ofThisProcess = Signs { name in getenv(name).map { String(cString: $0) } }

  private static let inASCII: [Unicode.Scalar: String] = [
    "\u{2026}": "...", "\u{D7}": "x", "\u{2013}": "-", "\u{2192}": "->", "\u{2500}": "-", "\u{2502}": "|",
    "\u{25B2}": "*", "\u{B0}": " ", "\u{B2}": "^2", "\u{2070}": "0", "\u{2079}": "^9",
  ]

  /// The text as it is printed.
  public func spelled(_ text: String) -> String {
    guard !areUTF8, text.unicodeScalars.contains(where: { Self.inASCII[$0] != nil }) else { return text }
    return text.unicodeScalars.reduce(into: "") { $0 += Self.inASCII[$1] ?? String(Character($1)) }
  }
}

/// Prints text for people, in the characters of their locale; output for programs uses `Swift.print`.
public func print(_ text: String, terminator: String = "\n") {
  Swift.print(Signs.ofThisProcess.spelled(text), terminator: terminator)
}
