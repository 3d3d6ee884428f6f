/// The header block of a file in a tar archive, in ustar, GNU or older format.
struct TarHeader: Equatable {
  /// What follows the block.
  enum Kind: Equatable {
    case file
    /// A name too long for the next header, as bytes (GNU).
    case longName
    /// Attributes of the next file (pax).
    case attributes
    /// A sparse file, whose bytes are not its content (GNU).
    case sparse
    /// A link to a file, without bytes of its own.
    case link
    /// A folder, or something that does not concern the next file.
    case other
  }

  let kind: Kind
  /// The file's path.
  let name: [UInt8]
  /// The number of bytes that follow.
  let size: Int

  /// Nil if the block's checksum is wrong or its size is no number.
  init?(_ block: [UInt8]) {
    guard block.count == TarMember.block,
      let sum = Self.number(block[148..<156]),
      sum == block.indices.reduce(0, { $0 + ((148..<156).contains($1) ? 32 : Int(block[$1])) }),
      let size = Self.number(block[124..<136])
    else { return nil }
    self.size = size
    kind =
      switch block[156] {
      case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): .file
      case UInt8(ascii: "1"), UInt8(ascii: "2"): .link
      case UInt8(ascii: "L"): .longName
      case UInt8(ascii: "x"): .attributes
      case UInt8(ascii: "S"): .sparse
      default: .other
      }
    let isPOSIX = block[257..<263].elementsEqual("ustar\0".utf8)
    let prefix = isPOSIX ? Self.text(block[345..<500]) : []
    name = (prefix.isEmpty ? [] : prefix + [UInt8(ascii: "/")]) + Self.text(block[0..<100])
  }

  /// Parses octal digits between blanks, or a binary number if the first bit is set (GNU's, for sizes from 8
  /// GiB).
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    if let first = field.first, first & 0x80 != 0 {
      guard first == 0x80, field.dropFirst().dropLast(7).allSatisfy({ $0 == 0 }) else { return nil }
      let value = field.suffix(7).reduce(0) { $0 << 8 | Int($1) }
      return value
    }
    let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
    return digits.isEmpty
      ? 0 : Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 < 0 ? nil : $0 }
  }

  private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

  /// Parses pax's lines `LENGTH KEY=VALUE` on the next file; nil if they are malformed.
  static func attributes(_ bytes: [UInt8]) -> (name: [UInt8]?, size: Int?)? {
    var found: (name: [UInt8]?, size: Int?) = (nil, nil)
    var rest = bytes[...]
    while let first = rest.first, first != 0 {
      guard let space = rest.firstIndex(of: UInt8(ascii: " ")),
        let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
        length > space - rest.startIndex + 1, length <= rest.count
      else { return nil }
      let line = rest[(space + 1)..<(rest.startIndex + length - 1)]
      rest = rest.dropFirst(length)
      guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { return nil }
      let value = line[(equals + 1)...]
      switch String(decoding: line[..<equals], as: UTF8.self) {
      case "path": found.name = Array(value)
      case "size":
        guard let size = Int(String(decoding: value, as: UTF8.self)), size >= 0 else { return nil }
        found.size = size
      // A sparse file.
      case let key where key.hasPrefix("GNU.sparse."): return nil
      default: break
      }
    }
    return found
  }
}
