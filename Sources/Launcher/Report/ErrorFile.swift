import FoundationEssentials
import System
import SystemPackage

/// Reads the error file, named by torchrun's variable, in which PyTorch's `@record` describes a failure.
enum ErrorFile {
  /// The limits in bytes: longer messages are left out, and larger files are ignored.
  private static let (longestMessage, longestFile) = (4096, 16 << 20)

  /// Returns the file's message without its stack trace; nil where there is none.
  static func message(in path: String) -> String? {
    guard let bytes = try? RegularFile.contents(of: FilePath(path), atMost: longestFile),
      !bytes.isEmpty
    else { return nil }
    let message =
      (try? JSONDecoder().decode(Content.self, from: Data(bytes)))?.message
      ?? String(decoding: bytes, as: UTF8.self)
    return String(decoding: message.utf8.prefix(longestMessage), as: UTF8.self)
  }

  /// `{"message": "…"}` or `{"message": {"message": "…", "extraInfo": {…}}}`.
  private struct Content: Decodable {
    let message: String

    private enum Key: String, CodingKey { case message }

    init(from decoder: any Decoder) throws {
      let outer = try decoder.container(keyedBy: Key.self)
      if let inner = try? outer.nestedContainer(keyedBy: Key.self, forKey: .message) {
        message = try inner.decode(String.self, forKey: .message)
      } else {
        message = try outer.decode(String.self, forKey: .message)
      }
    }
  }
}
