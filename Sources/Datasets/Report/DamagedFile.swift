import System
public import SystemPackage

/// A file whose content cannot be used; in JSON its path, with `\\` and `\xHH` as ``ClassName/text`` has them.
public struct DamagedFile: Equatable, Sendable {
  /// Where it lies.
  public let path: FilePath

  /// The file at `path`.
  public init(path: FilePath) { self.path = path }
}

extension DamagedFile: Codable {
  /// Reads the path's text.
  public init(from decoder: any Decoder) throws {
    let name = try ClassName(from: decoder)
    path =
      name.bytes.first == UInt8(ascii: "/")
      ? FilePath("/").appending(bytes: name.bytes.dropFirst()) : FilePath("").appending(bytes: name.bytes)
  }

  /// Writes the path's text.
  public func encode(to encoder: any Encoder) throws {
    try ClassName(bytes: path.bytes).encode(to: encoder)
  }
}
