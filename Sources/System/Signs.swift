internal import Glibc

/// The signs that the programs' own words have: arrows and dashes where the locale's characters are UTF-8, and ASCII for them elsewhere.
///
/// Whatever else is no ASCII, as the names of files and classes, stays as it is: it is the user's.
public struct Signs: Equatable, Sendable {
  /// Whether the locale's characters are UTF-8.
  public let areUTF8: Bool

  /// Those of a user's variables, of which the first that says anything decides.
  public init(_ environment: [String: String]) { self.init { environment[$0] } }

  private init(_ variable: (String) -> String?) {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(variable).first { !$0.isEmpty }
    let name = locale?.lowercased() ?? ""
    areUTF8 = name.contains("utf-8") || name.contains("utf8")
  }

  /// Those of this process.
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

/// Prints what is for people to read, in the signs of their locale; what programs read goes through `Swift.print`.
public func print(_ text: String, terminator: String = "\n") {
  Swift.print(Signs.ofThisProcess.spelled(text), terminator: terminator)
}
