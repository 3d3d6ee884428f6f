/// An array's header with the elements after it.
struct MatMatrix {
  enum Kind { case structure, text, number, other }

  let type: Kind
  /// The number of array elements.
  let count: Int
  /// The data elements that follow the header.
  let rest: MatElements

  /// Nil for an array without content.
  init?(_ bytes: ArraySlice<UInt8>) throws(MatFile.Malformed) {
    var elements = MatElements(bytes)
    guard let flags = try elements.next()?.integers.first, let sizes = try elements.next()?.integers,
      try elements.next() != nil
    else { return nil }
    type =
      switch flags & 0xff {
      case 2: .structure
      case 4: .text
      case 6...15: .number
      default: .other
      }
    var count = 1
    for size in sizes {
      let (product, overflows) = count.multipliedReportingOverflow(by: max(0, size))
      guard !overflows else { throw MatFile.Malformed(reason: "an array claims too many elements") }
      count = product
    }
    self.count = count
    rest = elements
  }
}

/// A sequence of data elements: type, length and bytes.
struct MatElements {
  struct Element {
    enum Kind { case matrix, compressed, other }

    /// The format's number of the type.
    let code: Int
    let bytes: ArraySlice<UInt8>

    var kind: Kind { code == 14 ? .matrix : code == 15 ? .compressed : .other }
  }

  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  var byteCount: Int { rest.count }

  /// Returns the next element; nil at the end.
  mutating func next() throws(MatFile.Malformed) -> Element? {
    guard rest.count >= 8 else { return nil }
    let first = Self.unsigned(rest.prefix(4))
    // A small data element stores its length beside the type, and its bytes in place of the length.
    let isShort = first >> 16 != 0
    let length = isShort ? first >> 16 : Self.unsigned(rest.dropFirst(4).prefix(4))
    let header = isShort ? 4 : 8
    guard length <= (isShort ? 4 : rest.count - header) else {
      throw MatFile.Malformed(reason: "an element of \(length) bytes is cut off")
    }
    let element = Element(code: first & 0xffff, bytes: rest.dropFirst(header).prefix(length))
    let padded = isShort || element.kind == .compressed ? length : (length + 7) / 8 * 8
    rest = rest.dropFirst(isShort ? 8 : header + padded)
    return element
  }

  fileprivate static func unsigned(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}

extension MatElements.Element {
  /// The bytes per number, and how to interpret them.
  private var width: Int {
    switch code {
    case 1, 2, 16: 1
    case 3, 4, 17: 2
    case 5, 6, 7: 4
    default: 8
    }
  }

  /// The values as integers.
  var integers: [Int] { patterns.map { Int(truncatingIfNeeded: $0) } }

  /// The values as numbers of the element's type.
  var numbers: [Double] {
    patterns.map { bits in
      switch code {
      case 1: Double(Int8(truncatingIfNeeded: bits))
      case 3: Double(Int16(truncatingIfNeeded: bits))
      case 5: Double(Int32(truncatingIfNeeded: bits))
      case 7: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
      case 9: Double(bitPattern: bits)
      case 12: Double(Int64(bitPattern: bits))
      default: Double(bits)
      }
    }
  }

  /// The values as UTF-16 or UTF-8 text.
  var text: String {
    switch width {
    case 2: String(decoding: patterns.map { UInt16(truncatingIfNeeded: $0) }, as: UTF16.self)
    default: String(decoding: bytes, as: UTF8.self)
    }
  }

  private var patterns: [UInt64] {
    stride(from: bytes.startIndex, through: bytes.endIndex - width, by: width).map { start in
      bytes[start..<(start + width)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
  }
}
