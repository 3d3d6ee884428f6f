import CImage
import Glibc

/// The text and number fields of a structure array in a MATLAB file of version 5.
///
/// Source: "MAT-File Format", chapter 1 (MathWorks). A version 7 file compresses its variables with zlib.
struct MatFile {
  /// The value of a field.
  enum Value: Equatable {
    case number(Double)
    case text(String)
    /// Any other kind of value, such as an array or a cell.
    case other
  }

  /// The elements of the first structure array.
  let rows: [[String: Value]]

  /// What is wrong with a file.
  struct Malformed: Error, Equatable {
    let reason: String
  }

  /// The largest decompressed size, in bytes: a few bytes may expand to any size. ImageNet's has 300 kB.
  private static let largest = 1 << 26

  /// The most elements in a structure array; ImageNet's has 1,860.
  private static let mostRows = 1 << 16

  /// Parses a file; throws if it has no structure array.
  ///
  /// - Parameter fields: The fields to keep.
  init(_ bytes: [UInt8], fields: Set<String>) throws(Malformed) {
    guard bytes.count > 128, bytes[126..<128].elementsEqual("IM".utf8) else {
      throw Malformed(reason: "it is no MATLAB file of version 5 to 7")
    }
    var elements = MatElements(bytes[128...])
    while let element = try elements.next() {
      let variable = element.kind == .compressed ? try Self.inflated(element.bytes) : element
      guard variable.kind == .matrix, let matrix = try MatMatrix(variable.bytes), matrix.type == .structure
      else { continue }
      rows = try Self.rows(matrix, fields)
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

  private static func rows(_ matrix: MatMatrix, _ fields: Set<String>) throws(Malformed) -> [[String: Value]]
  {
    var rest = matrix.rest
    guard let width = try rest.next()?.integers.first, (1...64).contains(width), let list = try rest.next()
    else {
      throw Malformed(reason: "a structure has no names")
    }
    let bytes = Array(list.bytes)
    let names = stride(from: 0, to: bytes.count - width + 1, by: width).map { start in
      String(decoding: bytes[start..<(start + width)].prefix { $0 != 0 }, as: UTF8.self)
    }
    // The bytes that exist limit what a header may claim.
    guard !names.isEmpty, matrix.count <= rest.byteCount / 8 else {
      throw Malformed(reason: "a structure of \(matrix.count) elements is not all there")
    }
    guard matrix.count <= mostRows else {
      throw Malformed(reason: "a structure of \(matrix.count) elements is none of ImageNet's")
    }
    var rows: [[String: Value]] = []
    for _ in 0..<matrix.count {
      var row: [String: Value] = [:]
      for name in names {
        guard let element = try rest.next() else { throw Malformed(reason: "a structure is cut off") }
        if fields.contains(name) { row[name] = try value(element) }
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
