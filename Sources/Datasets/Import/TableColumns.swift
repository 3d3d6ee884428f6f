/// The meaning of a table's columns: the first three, or those named by the first row.
struct TableColumns: Equatable {
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

  /// The known column names, for an error message.
  static let known =
    "they are known as \(names.path.joined(separator: ", ")) for the path; "
    + "\(names.label.joined(separator: ", ")) for the class; \(names.split.joined(separator: ", ")) for the split"

  init() {}

  /// Nil for a row that does not name columns.
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
