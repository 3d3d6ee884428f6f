import Datasets
import Foundation
import Recipe
import System
import SystemPackage

/// The images that a user names: files, folders with everything below them, and lists of both.
struct NamedImages {
  private(set) var images = ImageList()

  /// Takes the images of a command line, then those of a list, which is a file or, as `-`, standard input.
  init(_ arguments: [String], list: String?) throws(Failure) {
    for argument in arguments { images.add(FilePath(argument)) }
    guard let list else { return }
    for name in Self.names(in: try Self.bytes(of: list)) {
      images.add(FilePath("").appending(bytes: name))
    }
  }

  /// Splits lines; or at zero bytes if there are any, as written by `find -print0`.
  static func names(in bytes: [UInt8]) -> [[UInt8]] {
    let separator: UInt8 = bytes.contains(0) ? 0 : UInt8(ascii: "\n")
    return bytes.split(separator: separator).map { line in
      separator != 0 && line.last == UInt8(ascii: "\r") ? Array(line.dropLast()) : Array(line)
    }.filter { !$0.isEmpty }
  }

  /// Reads everything, also from a pipe.
  private static func bytes(of list: String) throws(Failure) -> [UInt8] {
    do {
      let descriptor =
        list == "-" ? FileDescriptor.standardInput : try FileDescriptor.open(list, .readOnly)
      defer { if list != "-" { try? descriptor.close() } }
      var bytes: [UInt8] = []
      var part = [UInt8](repeating: 0, count: 1 << 16)
      while case let count = try part.withUnsafeMutableBytes({ try descriptor.read(into: $0) }), count > 0 {
        bytes += part.prefix(count)
      }
      return bytes
    } catch {
      throw Failure(
        "cannot read the list \(masked(list)): \(error). --from takes a file with a path on each line, or - for standard input",
        exitStatus: (error as? Errno) == .noSuchFileOrDirectory ? .missingInput : .inputOutput)
    }
  }
}
