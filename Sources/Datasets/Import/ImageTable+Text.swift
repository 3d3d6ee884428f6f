import SystemPackage

extension ImageTable {
  /// Returns a table's text as UTF-8, converted from UTF-16 if it begins with that encoding's byte order
  /// mark.
  static func text(_ bytes: [UInt8], of path: FilePath) throws(DataError) -> [UInt8] {
    let isLittle = bytes.starts(with: [0xFF, 0xFE])
    guard isLittle || bytes.starts(with: [0xFE, 0xFF]) else {
      guard bytes.contains(0) else { return bytes }
      throw .malformedList(
        path: path, line: nil,
        reason:
          "it has bytes that are zero, as no text in UTF-8 has: save it as UTF-8 (iconv -f UTF-16LE -t UTF-8)"
      )
    }
    let units = stride(from: 2, to: bytes.count - 1, by: 2).map { place -> UInt16 in
      let pair = (UInt16(bytes[place]), UInt16(bytes[place + 1]))
      return isLittle ? pair.1 << 8 | pair.0 : pair.0 << 8 | pair.1
    }
    guard bytes.count.isMultiple(of: 2), let text = String(validating: units, as: UTF16.self) else {
      throw .malformedList(
        path: path, line: nil, reason: "it begins as a text in UTF-16, and is none; save it as UTF-8")
    }
    return Array(text.utf8)
  }
}
