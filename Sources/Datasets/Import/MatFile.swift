import CImage
import Glibc

/// A structure array of a MATLAB file of version 5, as far as its texts and numbers go.
///
/// Source: "MAT-File Format", chapter 1 (MathWorks). A file of version 7 is one whose variables are compressed by zlib.
struct MatFile {
  /// A value of a field.
  enum Value: Equatable {
    case number(Double)
    case text(String)
    /// Anything else: an array, a cell.
    case other
  }

  /// The elements of the first structure array.
  let rows: [[String: Value]]

  /// What is wrong with a file.
  struct Malformed: Error, Equatable {
    let reason: String
  }

  /// So much a few compressed bytes may come to: ImageNet's take 300 kB.
  private static let largest = 1 << 26

  /// Throws for a file that has no structure array.
  init(_ bytes: [UInt8]) throws(Malformed) {
    guard bytes.count > 128, bytes[126..<128].elementsEqual("IM".utf8) else {
      throw Malformed(reason: "it is no MATLAB file of version 5 to 7")
    }
    var elements = MatElements(bytes[128...])
    while let element = try elements.next() {
      let variable = element.kind == .compressed ? try Self.inflated(element.bytes) : element
      guard variable.kind == .matrix, let matrix = try MatMatrix(variable.bytes), matrix.type == .structure
      else { continue }
      rows = try Self.rows(matrix)
      return
    }
    throw Malformed(reason: "it has no structure array")
  }

  private static func inflated(_ bytes: ArraySlice<UInt8>) throws(Malformed) -> MatElements.Element {
    var inflated: UnsafeMutablePointer<UInt8>?
    var count = 0
    let status = bytes.withUnsafeBufferPointer {
      ci_inflate($0.baseAddress, $0.count, largest, &inflated, &count)
    }
    guard status == 0 else { throw Malformed(reason: CodecFailure.last.reason) }
    defer { free(inflated) }
    var elements = MatElements(Array(UnsafeBufferPointer(start: inflated, count: count))[...])
    guard let element = try elements.next() else { throw Malformed(reason: "a variable is empty") }
    return element
  }

  private static func rows(_ matrix: MatMatrix) throws(Malformed) -> [[String: Value]] {
    var rest = matrix.rest
    guard let width = try rest.next()?.integers.first, (1...64).contains(width), let list = try rest.next()
    else {
      throw Malformed(reason: "a structure has no names")
    }
    let bytes = Array(list.bytes)
    let names = stride(from: 0, to: bytes.count - width + 1, by: width).map { start in
      String(decoding: bytes[start..<(start + width)].prefix { $0 != 0 }, as: UTF8.self)
    }
    // The bytes that are there bound what a header may claim.
    guard !names.isEmpty, matrix.count <= rest.byteCount / 8 else {
      throw Malformed(reason: "a structure of \(matrix.count) elements is not all there")
    }
    var rows: [[String: Value]] = []
    for _ in 0..<matrix.count {
      var row: [String: Value] = [:]
      for name in names {
        guard let element = try rest.next() else { throw Malformed(reason: "a structure is cut off") }
        row[name] = try value(element)
      }
      rows.append(row)
    }
    return rows
  }

  private static func value(_ element: MatElements.Element) throws(Malformed) -> Value {
    guard element.kind == .matrix, let matrix = try MatMatrix(element.bytes) else { return .other }
    var rest = matrix.rest
    switch matrix.type {
    case .text: return .text(try rest.next()?.text ?? "")
    case .number:
      guard matrix.count == 1, let number = try rest.next()?.numbers.first else { return .other }
      return .number(number)
    default: return .other
    }
  }
}

/// The header of an array and what follows it.
private struct MatMatrix {
  enum Kind { case structure, text, number, other }

  let type: Kind
  /// Its elements.
  let count: Int
  /// Its values.
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

/// Data elements, one after the other: a kind, a length and bytes.
struct MatElements {
  struct Element {
    enum Kind { case matrix, compressed, other }

    /// The number that the format gives a kind.
    let code: Int
    let bytes: ArraySlice<UInt8>

    var kind: Kind { code == 14 ? .matrix : code == 15 ? .compressed : .other }
  }

  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  var byteCount: Int { rest.count }

  /// The next element; nil at the end.
  mutating func next() throws(MatFile.Malformed) -> Element? {
    guard rest.count >= 8 else { return nil }
    let first = Self.unsigned(rest.prefix(4))
    // A short element has its length and its bytes in the place of the length.
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
  /// Bytes of a number, and how its bits are to be read.
  private var width: Int {
    switch code {
    case 1, 2, 16: 1
    case 3, 4, 17: 2
    case 5, 6, 7: 4
    default: 8
    }
  }

  fileprivate var integers: [Int] { patterns.map { Int(truncatingIfNeeded: $0) } }

  fileprivate var numbers: [Double] {
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

  fileprivate var text: String {
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
