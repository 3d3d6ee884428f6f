import System
import SystemPackage

/// A table that names images by their paths, each with its class and perhaps its split; images get links.
///
/// A first row with the columns' names says which they are; without one they are path, class and split. Paths are those from the
/// table's folder on.
struct ImageTable: ImportSource {
  private let path: FilePath
  private let rows: [DelimitedRows.Row]
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
    var reader = DelimitedRows(try ArchiveStream(path).rest(most: Self.mostBytes))
    var rows: [DelimitedRows.Row] = []
    while let row = reader.next() { rows.append(row) }
    if let line = reader.openRow {
      throw .malformedList(path: path, line: line, reason: "a quote is opened there and never closed")
    }
    if let named = rows.first.flatMap({ Columns(names: $0.fields) }) {
      columns = named
      rows.removeFirst()
    } else {
      columns = Columns()
    }
    self.rows = rows
    guard !rows.isEmpty else { throw .malformedList(path: path, line: nil, reason: "it names no images") }
  }

  var name: String { "a table of \(counted(rows.count, "image"))" }

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
      try folder.link(place, to: target)
    }
    let again = rows.count - seen.count
    if again > 0 {
      say(
        "\(counted(again, "row says", "rows say")) what an earlier one says, and \(noun(again, "counts", "count")) once with it"
      )
    }
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
