import ArgumentParser
import System
import SystemPackage

/// The value of --md5: `HEX` or `FILE=HEX`.
struct ExpectedSum {
  /// Nil for the only file.
  let file: String?
  let digits: String

  /// Nil unless the sum has 32 hexadecimal digits.
  init?(argument: String) {
    let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
    digits = String(parts.last ?? "")
    file = parts.count > 1 ? parts.dropLast().joined(separator: "=") : nil
    guard digits.count == 32, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }), file != "" else {
      return nil
    }
  }

  static func parsed(_ argument: String) throws -> ExpectedSum {
    guard let sum = ExpectedSum(argument: argument) else {
      throw ValidationError(
        "an MD5 sum has 32 hexadecimal digits, and may have a file before it: FILE=HEX"
      )
    }
    return sum
  }

  /// The file's path: in or beside the source, or as given.
  func path(in source: FilePath) -> FilePath {
    guard let file else { return source }
    let folder = Folders.isFolder(source) ? source : source.removingLastComponent()
    let inside = folder.pushing(FilePath(file))
    return (try? RegularFile(inside)) == nil ? FilePath(file) : inside
  }
}
