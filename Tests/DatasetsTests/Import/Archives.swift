import System

@testable import Datasets

/// A tar archive as any program makes it: headers, files, the mark of the end.
func tar(_ files: [(name: String, bytes: [UInt8])], isEnded: Bool = true) -> [UInt8] {
  files.flatMap { tarPart($0.name, $0.bytes) } + (isEnded ? TarMember.end : [])
}

/// A file with its header, whose kind and claimed size may be others.
func tarPart(_ name: String, _ bytes: [UInt8], kind: Character = "0", claiming size: Int? = nil) -> [UInt8] {
  var header = TarMember.header(name, count: size ?? bytes.count)
  header[156] = kind.asciiValue ?? 0
  return sealed(header) + bytes + TarMember.padding(after: bytes.count)
}

/// The header with the checksum of what it holds now.
func sealed(_ header: [UInt8]) -> [UInt8] {
  var header = header
  header.replaceSubrange(148..<156, with: "        ".utf8)
  let octal = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
  header.replaceSubrange(
    148..<156, with: (String(repeating: "0", count: 6 - octal.count) + octal + "\0 ").utf8)
  return header
}

/// What zlib makes of bytes that it does not compress (RFC 1951, 3.2.4).
private func stored(_ bytes: [UInt8]) -> [UInt8] {
  var blocks: [UInt8] = []
  for start in stride(from: 0, to: max(1, bytes.count), by: 65_535) {
    let block = bytes[start..<min(bytes.count, start + 65_535)]
    let isLast = start + 65_535 >= bytes.count
    blocks += [isLast ? 1 : 0] + little(block.count, 2) + little(~block.count & 0xffff, 2) + block
  }
  return blocks
}

/// The bytes as gzip has them.
func gzipped(_ bytes: [UInt8]) -> [UInt8] {
  [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255] + stored(bytes)
    + little(Int(bytes.withUnsafeBytes { CRC32.checksum(of: $0) }), 4) + little(bytes.count, 4)
}

/// The bytes as zlib has them.
func zlibbed(_ bytes: [UInt8]) -> [UInt8] {
  let sums = bytes.reduce((a: 1, b: 0)) { sums, byte in
    let a = (sums.a + Int(byte)) % 65_521
    return (a, (sums.b + a) % 65_521)
  }
  return [0x78, 0x01] + stored(bytes) + little(sums.b << 16 | sums.a, 4).reversed()
}

/// A whole number with its lowest byte first.
func little(_ value: Int, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

/// A MATLAB file with one structure array, as the devkit's `meta.mat`.
struct MatWriter {
  /// Numbers, texts, or an array for what is neither.
  enum Value {
    case number(UInt16)
    case text(String)
    case array([Double])
    case nothing
  }

  static func file(fields: [String], _ rows: [[Value]], isCompressed: Bool) -> [UInt8] {
    let names = fields.flatMap { Array($0.utf8) + [UInt8](repeating: 0, count: 32 - $0.utf8.count) }
    let array =
      start(of: 2, count: rows.count, name: "synsets") + [4, 0, 4, 0] + little(32, 4) + element(1, names)
      + rows.flatMap { $0.flatMap(matrix) }
    let variable = element(14, array)
    let header = Array("MATLAB 5.0 MAT-file".utf8)
    let packed = zlibbed(variable)
    return header + [UInt8](repeating: 32, count: 124 - header.count) + [0, 1] + Array("IM".utf8)
      + (isCompressed ? little(15, 4) + little(packed.count, 4) + packed : variable)
  }

  private static func matrix(_ value: Value) -> [UInt8] {
    switch value {
    // As MATLAB keeps small whole numbers: in a short element, whatever the array's type.
    case .number(let number):
      element(14, start(of: 6, count: 1) + [4, 0, 2, 0] + little(Int(number), 2) + [0, 0])
    case .text(let text):
      element(
        14, start(of: 4, count: text.utf16.count) + element(4, text.utf16.flatMap { little(Int($0), 2) }))
    case .nothing: little(14, 4) + little(0, 4)
    case .array(let numbers):
      element(
        14,
        start(of: 6, count: numbers.count)
          + element(9, numbers.flatMap { little(Int(bitPattern: UInt($0.bitPattern)), 8) }))
    }
  }

  private static func start(of type: Int, count: Int, name: String = "") -> [UInt8] {
    element(6, little(type, 4) + little(0, 4)) + element(5, little(1, 4) + little(count, 4))
      + element(1, Array(name.utf8))
  }

  private static func element(_ code: Int, _ bytes: [UInt8]) -> [UInt8] {
    little(code, 4) + little(bytes.count, 4) + bytes + [UInt8](repeating: 0, count: (8 - bytes.count % 8) % 8)
  }
}
