import RunControl
import System
import SystemPackage

/// An image whose class was not found, as `misclassified.csv` names it.
struct Mistake: Equatable, Sendable {
  let path: String
  let label: String
  let predicted: String
  /// From 0 to 1.
  let confidence: Double
  /// Nil where it is not there any more, or is no image that a browser shows.
  let kind: Kind?

  /// What browsers show.
  enum Kind: String, Sendable {
    case jpeg = "image/jpeg"
    case png = "image/png"
    case gif = "image/gif"
    case webp = "image/webp"
    case bmp = "image/bmp"

    /// What a file begins with says what it is.
    init?(_ start: [UInt8]) {
      if start.starts(with: [0xFF, 0xD8, 0xFF]) {
        self = .jpeg
      } else if start.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
        self = .png
      } else if start.starts(with: "GIF8".utf8) {
        self = .gif
      } else if start.starts(with: "RIFF".utf8), start.dropFirst(8).starts(with: "WEBP".utf8) {
        self = .webp
      } else if start.starts(with: "BM".utf8) {
        self = .bmp
      } else {
        return nil
      }
    }
  }

  /// The end of its path, which tells it from others.
  var shortPath: String {
    let parts = path.split(separator: "/")
    return parts.count > 3 ? "…/" + parts.suffix(3).joined(separator: "/") : path
  }

  /// How many of them are shown.
  static let most = 24
  /// Larger files are not sent.
  static let largestFile = 16 << 20

  /// The most confident ones of a table.
  ///
  /// - Parameter kind: What the file of that path is.
  static func all(in table: some Collection<UInt8>, kind: (String) -> Kind? = kind) -> [Mistake] {
    commaSeparatedRows(table, atMost: most + 1).dropFirst().compactMap { row in
      guard row.count == 4, let confidence = Double(row[3]) else { return nil }
      return Mistake(
        path: row[0], label: row[1], predicted: row[2], confidence: confidence, kind: kind(row[0]))
    }
  }

  private static func kind(_ path: String) -> Kind? {
    guard let file = try? RegularFile(FilePath(path)), file.size <= largestFile else { return nil }
    var start = [UInt8](repeating: 0, count: 16)
    guard let count = try? start.withUnsafeMutableBytes({ try file.read(into: $0) }) else { return nil }
    return Kind(Array(start.prefix(count)))
  }

  /// The image's bytes and what they are; nil where it cannot be sent now.
  var content: (kind: Kind, bytes: [UInt8])? {
    guard kind != nil, let file = try? RegularFile(FilePath(path)), file.size <= Self.largestFile else {
      return nil
    }
    var bytes = [UInt8](repeating: 0, count: file.size)
    guard let count = try? bytes.withUnsafeMutableBytes({ try file.read(into: $0) }), count == bytes.count,
      let kind = Kind(bytes)
    else { return nil }
    return (kind, bytes)
  }
}
