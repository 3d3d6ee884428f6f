import System
import SystemPackage

/// A table that names images by their paths, each with its class and perhaps its split; images get links.
///
/// A first row with the columns' names says which they are; without one they are path, class and split. Paths are those from the
/// table's folder on.
struct ImageTable: ImportSource {
  private let path: FilePath
  // Read as often as they are needed: a table may name millions of images.
  private let rows: DelimitedRows
  private let count: Int
  private let columns: Columns
  private let isHeldOut: Bool

  private struct Columns: Equatable {
    var path = 0
    var label = 1
    var split: Int? = 2

    static let names = (
      path: ["path", "file", "filename", "file_name", "filepath", "file_path", "image", "image_path", "img"],
      label: ["label", "class", "class_name", "classname", "category", "target"],
      split: ["split", "set", "subset", "partition", "fold"]
    )

    init() {}

    /// Nil for a row that names no columns.
    init?(names row: [[UInt8]]) {
      let found = row.map { String(decoding: $0, as: UTF8.self).lowercased().filter { $0 != " " } }
      guard let path = found.firstIndex(where: Self.names.path.contains),
        let label = found.firstIndex(where: Self.names.label.contains)
      else { return nil }
      (self.path, self.label) = (path, label)
      split = found.firstIndex(where: Self.names.split.contains)
    }
  }

  private static let mostBytes = 1 << 31

  init(_ path: FilePath, _ hints: ImportHints) throws(DataError) {
    self.path = path
    isHeldOut = hints.isHeldOut
    let bytes = try ArchiveStream(path).rest(most: Self.mostBytes)
    var rest = DelimitedRows(bytes, separator: path.extension?.lowercased() == "tsv" ? "\t" : nil)
    let whole = rest
    if let named = rest.next().flatMap({ Columns(names: $0.fields) }) {
      (columns, rows) = (named, rest)
    } else {
      (columns, rows) = (Columns(), whole)
    }
    rest = rows
    var count = 0
    while rest.next() != nil { count += 1 }
    self.count = count
    if let line = rest.openRow {
      throw .malformedList(path: path, line: line, reason: "a quote is opened there and never closed")
    }
    guard count > 0 else { throw .malformedList(path: path, line: nil, reason: "it names no images") }
  }

  var name: String { "a table of \(counted(count, "image"))" }

  var heeded: Set<ImportHints.Kind> { [.split] }

  var whole: WholeSet? { nil }

  func write(to folder: inout ImportedFolder, _ say: (String) -> Void) throws(DataError) {
    var seen: Set<UInt64> = []
    for row in rows {
      guard row.fields.count > max(columns.path, columns.label) else {
        throw .malformedList(
          path: path, line: row.line, reason: "it has \(counted(row.fields.count, "field")), and no class")
      }
      let (image, label) = (row.fields[columns.path], row.fields[columns.label])
      guard !image.isEmpty, !label.isEmpty else {
        throw .malformedList(path: path, line: row.line, reason: "the path or the class is empty")
      }
      let target =
        image.first == UInt8(ascii: "/")
        ? FilePath("/").appending(bytes: image.drop { $0 == UInt8(ascii: "/") })
        : path.removingLastComponent().appending(bytes: image)
      let isHeldOut = try isHeldOut(row)
      guard seen.insert(fnv1a(image + [0] + label + [isHeldOut ? 1 : 0])).inserted else { continue }
      let place = ImportedFolder.Place(
        isHeldOut: isHeldOut, className: ClassName(bytes: label), name: Self.flat(image))
      do throws(DataError) { try folder.link(place, to: target) } catch { throw named(error, in: row) }
    }
    let again = count - seen.count
    if again > 0 {
      say(
        "\(counted(again, "row says", "rows say")) what an earlier one says, and \(noun(again, "counts", "count")) once with it"
      )
    }
  }

  /// A file that cannot be read, by the line that names it.
  private func named(_ error: DataError, in row: DelimitedRows.Row) -> DataError {
    guard case .unreadable(let failure) = error, !failure.isTransient else { return error }
    let isFirst = columns == Columns() && row.line == 1
    return .malformedList(
      path: path, line: row.line,
      reason: "cannot read \(failure.path.string): \(failure.reason)"
        + (isFirst ? " (where the line names columns, they have to be called path and label)" : ""))
  }

  private func isHeldOut(_ row: DelimitedRows.Row) throws(DataError) -> Bool {
    guard let column = columns.split, row.fields.indices.contains(column), !row.fields[column].isEmpty else {
      return isHeldOut
    }
    switch String(decoding: row.fields[column], as: UTF8.self).lowercased() {
    case "train", "training": return false
    case "val", "valid", "validation", "test", "dev", "eval": return true
    case let other:
      throw .malformedList(
        path: path, line: row.line, reason: "the split \"\(masked(other))\" is neither train nor val")
    }
  }

  /// The path as the name of a file: without dots that lead elsewhere, `_` between its parts.
  private static func flat(_ path: [UInt8]) -> [UInt8] {
    let parts = path.split(separator: UInt8(ascii: "/")).filter {
      !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8)
    }
    return Array(parts.joined(separator: [UInt8(ascii: "_")]).drop { $0 == UInt8(ascii: ".") })
  }
}
