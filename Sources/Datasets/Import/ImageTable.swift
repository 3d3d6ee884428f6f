import System
import SystemPackage

/// A table that names images by path, each with its class and optionally its split; images are linked.
///
/// If the first row names the columns, it determines their meaning; otherwise they are path, class and split.
/// Paths are relative to the table's folder and name the links; links that would have the same name get a
/// checksum.
struct ImageTable: ImportSource {
  private let path: FilePath
  // Parsed again for each pass: a table may name millions of images.
  private let rows: DelimitedRows
  private let count: Int
  private let columns: TableColumns
  private let isHeldOut: Bool

  private static let mostBytes = 1 << 31

  init(_ path: FilePath, _ hints: ImportHints) throws(DataError) {
    self.path = path
    isHeldOut = hints.isHeldOut
    let bytes = try Self.text(ArchiveStream(path).rest(most: Self.mostBytes), of: path)
    var rest = DelimitedRows(bytes, separator: path.extension?.lowercased() == "tsv" ? "\t" : nil)
    let whole = rest
    if let named = rest.next().flatMap({ TableColumns(names: $0.fields) }) {
      (columns, rows) = (named, rest)
    } else {
      (columns, rows) = (TableColumns(), whole)
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

  func write(to target: inout some ImportTarget, _ say: (String) -> Void) throws(DataError) {
    let shared = try sharedNames()
    var seen: Set<UInt64> = []
    var words: Set<SplitWord> = []
    for row in rows {
      let image = try image(row)
      guard seen.insert(image.identity).inserted else { continue }
      if let word = image.word { words.insert(word) }
      let place = image.place(isShared: shared.contains(image.nameIdentity))
      do throws(DataError) { try target.link(place, to: file(image)) } catch { throw named(error, in: row) }
    }
    if words.isSuperset(of: [.validation, .test]) {
      say(
        "val/ gets the rows for testing and those for validation alike; for one of them alone, leave the other out"
      )
    }
    let again = count - seen.count
    if again > 0 {
      say(
        "\(counted(again, "row says", "rows say")) what an earlier one says, and \(noun(again, "counts", "count")) once with it"
      )
    }
    if !shared.isEmpty {
      say(
        "paths that make one name, as a/b.jpg and a_b.jpg do, are told apart by checksums in \(counted(shared.count, "such case"))"
      )
    }
  }

  /// The names that several paths of one class would share.
  private func sharedNames() throws(DataError) -> Set<UInt64> {
    var owners: [UInt64: UInt64] = [:]
    var shared: Set<UInt64> = []
    for row in rows {
      let image = try image(row)
      if owners.updateValue(image.identity, forKey: image.nameIdentity) ?? image.identity != image.identity {
        shared.insert(image.nameIdentity)
      }
    }
    return shared
  }

  private func image(_ row: DelimitedRows.Row) throws(DataError) -> TableImage {
    guard row.fields.count > max(columns.path, columns.label) else {
      throw .malformedList(
        path: path, line: row.line, reason: "it has \(counted(row.fields.count, "field")), and no class")
    }
    let (image, label) = (row.fields[columns.path], row.fields[columns.label])
    guard !image.isEmpty, !label.isEmpty else {
      throw .malformedList(path: path, line: row.line, reason: "the path or the class is empty")
    }
    return TableImage(path: image, label: label, try word(row), isHeldOut: isHeldOut)
  }

  private func file(_ image: TableImage) -> FilePath {
    image.path.first == UInt8(ascii: "/")
      ? FilePath("/").appending(bytes: image.path.dropFirst())
      : path.removingLastComponent().appending(bytes: image.path)
  }

  /// Adds the line of the table to an error about a file.
  private func named(_ error: DataError, in row: DelimitedRows.Row) -> DataError {
    guard case .unreadable(let failure) = error, !failure.isTransient else { return error }
    let isFirst = columns == TableColumns() && row.line == 1
    return .malformedList(
      path: path, line: row.line,
      reason: "cannot read \(failure.path.string): \(failure.reason)"
        + (isFirst ? " (where the line names columns, \(TableColumns.known))" : ""))
  }

  private func word(_ row: DelimitedRows.Row) throws(DataError) -> SplitWord? {
    guard let column = columns.split, row.fields.indices.contains(column), !row.fields[column].isEmpty else {
      return nil
    }
    let name = String(decoding: row.fields[column], as: UTF8.self)
    guard let word = SplitWord(name) else {
      throw .malformedList(
        path: path, line: row.line, reason: "the split \"\(masked(name))\" is neither train nor val")
    }
    return word
  }
}
