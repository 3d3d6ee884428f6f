import System
import SystemPackage

/// The lines of a text file whose first line identifies it and whose last is a checksum of all others, so
/// that a truncated file is noticed.
struct SealedLines: Sequence {
  /// The content of the first line.
  let head: String
  private let lines: ArraySlice<UInt8>

  private static let opening = "#twins-launch shards 1\t"
  private static let seal = "#crc32c\t"

  /// Nil if the checksum is missing or wrong.
  init?(_ bytes: [UInt8]) {
    let sealLength = Self.seal.utf8.count + 9
    guard bytes.count > sealLength, bytes.starts(with: Self.opening.utf8),
      let end = bytes.firstIndex(of: newline)
    else { return nil }
    let body = bytes[..<(bytes.count - sealLength)]
    guard bytes[body.endIndex...].elementsEqual(Self.sealLine(of: body).utf8), end < body.endIndex else {
      return nil
    }
    head = String(decoding: bytes[Self.opening.utf8.count..<end], as: UTF8.self)
    lines = body[(end + 1)...]
  }

  private static func sealLine(of body: ArraySlice<UInt8>) -> String {
    seal + String(body.withUnsafeBytes { CRC32C(of: $0).value }, digits: 8, radix: 16) + "\n"
  }

  /// The lines between the first and the last.
  func makeIterator() -> AnyIterator<ArraySlice<UInt8>> {
    var rest = lines
    return AnyIterator {
      guard let end = rest.firstIndex(of: newline) else { return nil }
      defer { rest = rest[(end + 1)...] }
      return rest[..<end]
    }
  }

  /// Writes such a file completely or not at all.
  static func write(head: String, _ lines: some Sequence<String>, to path: FilePath) throws(DataError) {
    var bytes = Array("\(opening)\(head)\n".utf8)
    for line in lines {
      bytes += line.utf8
      bytes.append(newline)
    }
    bytes += Array(sealLine(of: bytes[...]).utf8)
    let file = try NewFile(path)
    try file.write(bytes)
    try file.finish()
  }
}
