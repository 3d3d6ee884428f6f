import FoundationEssentials
import RunControl
import System
import SystemPackage

/// A mistake in an evaluation, and how a browser can show its image.
struct Mistake: Equatable, Sendable {
  let note: EvaluationNote.Mistake
  /// The type of the file; nil if it no longer exists, or browsers cannot show it.
  let kind: Kind?

  /// Whether there is anything to show: the file, or otherwise a thumbnail.
  var isShown: Bool { kind != nil || note.picture != nil }

  /// Image types that browsers show.
  enum Kind: String, Sendable {
    case jpeg = "image/jpeg"
    case png = "image/png"
    case gif = "image/gif"
    case webp = "image/webp"
    case bmp = "image/bmp"

    /// Recognises a file by its first bytes.
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

  /// The most mistakes shown.
  static let most = 24
  /// The largest file that is sent, in bytes.
  static let largestFile = 16 << 20

  /// The most confident mistakes.
  ///
  /// - Parameter kind: Returns the type of the file at a path.
  static func all(_ notes: [EvaluationNote.Mistake], kind: (String) -> Kind? = kind) -> [Mistake] {
    notes.prefix(most).map { Mistake(note: $0, kind: kind($0.path)) }
  }

  private static func kind(_ path: String) -> Kind? {
    guard let file = try? RegularFile(FilePath(path)), file.size <= largestFile else { return nil }
    var start = [UInt8](repeating: 0, count: 16)
    guard let count = try? start.withUnsafeMutableBytes({ try file.read(into: $0) }) else { return nil }
    return Kind(Array(start.prefix(count)))
  }

  /// The image's type and bytes; nil if it cannot be sent now.
  var content: (kind: Kind, bytes: [UInt8])? {
    let bytes = file ?? note.picture.flatMap { Data(base64Encoded: $0) }.map { [UInt8]($0) }
    return bytes.flatMap { bytes in Kind(bytes).map { ($0, bytes) } }
  }

  private var file: [UInt8]? {
    guard kind != nil, let file = try? RegularFile(FilePath(note.path)), file.size <= Self.largestFile else {
      return nil
    }
    var bytes = [UInt8](repeating: 0, count: file.size)
    let count = try? bytes.withUnsafeMutableBytes { try file.read(into: $0) }
    return count == bytes.count && Kind(bytes) != nil ? bytes : nil
  }
}
