import System
import SystemPackage

/// A table that names images by their paths, each with its class and perhaps its split; images get links.
///
/// A first row with the columns' names says which they are; without one they are path, class and split. Paths are those from the
/// table's folder on; they name the links, and what would have two of one name tells them apart by checksums.
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

    // Without blanks and underscores.
    private static let names = (
      path: [
        "path", "paths", "file", "files", "filename", "filenames", "filepath", "filepaths", "image", "images",
        "imagepath", "imagepaths", "imagename", "imagefile", "img", "imgpath",
      ],
      label: ["label", "labels", "class", "classes", "classname", "category", "target"],
      split: ["split", "set", "subset", "partition", "fold", "dataset"]
    )

    /// What columns may be called, for who has called them otherwise.
    static let known =
      "names that are known: \(names.path.joined(separator: ", ")) for the path, "
      + "\(names.label.joined(separator: ", ")) for the class, \(names.split.joined(separator: ", ")) for the split"

    init() {}

    /// Nil for a row that names no columns.
    init?(names row: [[UInt8]]) {
      let found = row.map {
        String(decoding: $0, as: UTF8.self).lowercased().filter { $0 != " " && $0 != "_" }
      }
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
    let bytes = try Self.text(ArchiveStream(path).rest(most: Self.mostBytes), of: path)
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

  func write(to target: inout some ImportTarget, _ say: (String) -> Void) throws(DataError) {
    let shared = try sharedNames()
    var seen: Set<UInt64> = []
    for row in rows {
      let image = try image(row)
      guard seen.insert(image.identity).inserted else { continue }
      let isMarked = image.name.count > ImportPlace.longestName || shared.contains(image.nameIdentity)
      let place = ImportPlace(
        isHeldOut: image.isHeldOut, className: ClassName(bytes: image.label),
        name: isMarked ? ImportPlace.marked(image.name, by: image.path) : image.name)
      do throws(DataError) { try target.link(place, to: file(image)) } catch { throw named(error, in: row) }
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

  /// What a row says.
  private struct Image {
    /// The path without parts that are empty or a dot.
    let path: [UInt8]
    let label: [UInt8]
    let isHeldOut: Bool
    /// The path as the name of a file: without dots that lead elsewhere, `_` between its parts.
    let name: [UInt8]

    init(path: [UInt8], label: [UInt8], isHeldOut: Bool) {
      let slash = UInt8(ascii: "/")
      let parts = path.split(separator: slash).filter { !$0.elementsEqual(".".utf8) }
      self.path = (path.first == slash ? [slash] : []) + parts.joined(separator: [slash])
      (self.label, self.isHeldOut) = (label, isHeldOut)
      name = Array(
        parts.filter { !$0.elementsEqual("..".utf8) }.joined(separator: [UInt8(ascii: "_")])
          .drop { $0 == UInt8(ascii: ".") })
    }

    var identity: UInt64 { identity(of: path) }
    var nameIdentity: UInt64 { identity(of: name) }

    // Hashes of 64 bits: a table may name millions of images.
    private func identity(of bytes: [UInt8]) -> UInt64 { fnv1a(bytes + [0] + label + [isHeldOut ? 1 : 0]) }
  }

  /// The names that several paths of one class make.
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

  private func image(_ row: DelimitedRows.Row) throws(DataError) -> Image {
    guard row.fields.count > max(columns.path, columns.label) else {
      throw .malformedList(
        path: path, line: row.line, reason: "it has \(counted(row.fields.count, "field")), and no class")
    }
    let (image, label) = (row.fields[columns.path], row.fields[columns.label])
    guard !image.isEmpty, !label.isEmpty else {
      throw .malformedList(path: path, line: row.line, reason: "the path or the class is empty")
    }
    return Image(path: image, label: label, isHeldOut: try isHeldOut(row))
  }

  private func file(_ image: Image) -> FilePath {
    image.path.first == UInt8(ascii: "/")
      ? FilePath("/").appending(bytes: image.path.dropFirst())
      : path.removingLastComponent().appending(bytes: image.path)
  }

  /// A file that cannot be read, by the line that names it.
  private func named(_ error: DataError, in row: DelimitedRows.Row) -> DataError {
    guard case .unreadable(let failure) = error, !failure.isTransient else { return error }
    let isFirst = columns == Columns() && row.line == 1
    return .malformedList(
      path: path, line: row.line,
      reason: "cannot read \(failure.path.string): \(failure.reason)"
        + (isFirst ? " (where the line names columns: \(Columns.known))" : ""))
  }

  private func isHeldOut(_ row: DelimitedRows.Row) throws(DataError) -> Bool {
    guard let column = columns.split, row.fields.indices.contains(column), !row.fields[column].isEmpty else {
      return isHeldOut
    }
    let name = String(decoding: row.fields[column], as: UTF8.self)
    guard let word = SplitWord(name) else {
      throw .malformedList(
        path: path, line: row.line, reason: "the split \"\(masked(name))\" is neither train nor val")
    }
    return word.isHeldOut
  }

  /// A table's text as UTF-8, which may be written in UTF-16 where it begins with that one's mark.
  private static func text(_ bytes: [UInt8], of path: FilePath) throws(DataError) -> [UInt8] {
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
