import System

/// A tar archive member in POSIX.1-1988 (ustar) format, without owner and dated 1970, so that equal content
/// makes equal bytes.
enum TarMember {
  /// The size of an archive block, in bytes.
  static let block = 512

  /// The end of an archive.
  static let end = [UInt8](repeating: 0, count: 2 * block)

  /// The header block before a file's bytes; `name` is ASCII of at most 100 bytes.
  static func header(_ name: String, count: Int) -> [UInt8] {
    precondition(name.utf8.count <= 100 && count < 1 << 33, "\(name) of \(count) bytes in a ustar archive")
    var header = [UInt8](repeating: 0, count: block)
    func put(_ text: String, at offset: Int) {
      header.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8)
    }
    put(name, at: 0)
    put("0000644", at: 100)
    put("0000000", at: 108)
    put("0000000", at: 116)
    put(octal(count, digits: 11), at: 124)
    put(octal(0, digits: 11), at: 136)
    put("        ", at: 148)
    put("0", at: 156)
    put("ustar\0" + "00", at: 257)
    // The checksum is computed with its own field blank.
    put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\0 ", at: 148)
    return header
  }

  /// The padding after a file's bytes, up to the next block.
  static func padding(after count: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: (block - count % block) % block)
  }

  private static func octal(_ value: Int, digits: Int) -> String { String(value, digits: digits, radix: 8) }
}
