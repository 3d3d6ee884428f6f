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
