import System
public import SystemPackage

/// A file whose content cannot be used; in JSON its path is escaped with `\\` and `\xHH` as in
/// ``ClassName/text``.
public struct DamagedFile: Equatable, Sendable {
  /// The file's path.
  public let path: FilePath

  /// Makes the value.
  public init(path: FilePath) { self.path = path }
}

extension DamagedFile: Codable {
  /// Decodes the path's text.
  public init(from decoder: any Decoder) throws {
    let name = try ClassName(from: decoder)
    path =
      name.bytes.first == UInt8(ascii: "/")
      ? FilePath("/").appending(bytes: name.bytes.dropFirst()) : FilePath("").appending(bytes: name.bytes)
  }

  /// Encodes the path's text.
  public func encode(to encoder: any Encoder) throws {
    try ClassName(bytes: path.bytes).encode(to: encoder)
  }
}
