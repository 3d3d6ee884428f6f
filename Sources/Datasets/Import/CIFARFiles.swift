import System
import SystemPackage

/// CIFAR-10 or CIFAR-100 in the binary version: records of one or two labels and 32 x 32 pixels in three
/// planes.
///
/// The test images go to val/. Source: https://www.cs.toronto.edu/~kriz/cifar.html
struct CIFARFiles: ImportSource {
  /// The folder's name in each of the two archives.
  static let folders = ["cifar-10-batches-bin", "cifar-100-binary"]
  /// The archives' published names.
  static let archives = ["cifar-10-binary.tar.gz", "cifar-100-binary.tar.gz"]
  /// The folder's name in the archives for Python, which other programs cannot read.
  static let picklesFolders = ["cifar-10-batches-py", "cifar-100-python"]

  private static let side = 32
  private static let mostBytes = 1 << 28

  /// The layout of one of the two data sets.
  private struct Layout {
    let name: String
    let training: [String]
    let test: String
    /// The file with the class names.
    let names: String
    /// Bytes before the pixels; the last of them is the label.
    let labels: Int
    let classes: Int

    static let all = [
      Layout(
        name: "CIFAR-10", training: (1...5).map { "data_batch_\($0).bin" }, test: "test_batch.bin",
        names: "batches.meta.txt", labels: 1, classes: 10),
      Layout(
        name: "CIFAR-100", training: ["train.bin"], test: "test.bin", names: "fine_label_names.txt",
        labels: 2,
        classes: 100),
    ]

    var files: [String] { training + [test, names] }
  }

  private let layout: Layout
  private let path: FilePath
  private let files: [String: [UInt8]]

  /// Looks for the files in a folder, or in the archive's folder below it; nil if there are none.
  init?(in folder: FilePath) throws(DataError) {
    for place in [folder] + Self.folders.map({ folder.appending($0) }) {
      guard Folders.isFolder(place) else { continue }
      let names = Set(try Directory(place).files.map { String(decoding: $0, as: UTF8.self) })
      guard
        let layout = Layout.all.first(where: { names.contains($0.names) && names.contains($0.training[0]) })
      else { continue }
      var files: [String: [UInt8]] = [:]
      for name in layout.files where names.contains(name) {
        files[name] = try ArchiveStream(place.appending(name)).rest(most: Self.mostBytes)
      }
      (self.layout, path, self.files) = (layout, place, files)
      return
    }
    return nil
  }

  /// Reads the published archive, compressed or not.
  init(archive path: FilePath) throws(DataError) {
    var members = TarReader(try ArchiveStream(checking: path))
    var files: [String: [UInt8]] = [:]
    let known = Set(Layout.all.flatMap(\.files))
    while let member = try members.next() {
      let name = String(decoding: member.lastName, as: UTF8.self)
      if known.contains(name) { files[name] = try members.contents(of: member) }
    }
    guard let layout = Layout.all.first(where: { files[$0.names] != nil }) else {
      throw .notImportable(
        path: path, reason: "it has no names of classes (batches.meta.txt, fine_label_names.txt)")
    }
    (self.layout, self.path, self.files) = (layout, path, files)
  }

  var name: String { layout.name }

  var heeded: Set<ImportHints.Kind> { [] }

  var whole: WholeSet? {
    WholeSet(training: (50_000, layout.classes), validation: (10_000, layout.classes))
  }

  func write(to target: inout some ImportTarget, _ say: (String) -> Void) throws(DataError) {
    let names = String(decoding: files[layout.names] ?? [], as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { ClassName(text: $0.drop { $0 == " " }) }
    for file in layout.training + [layout.test] {
      guard let bytes = files[file] else { continue }
      let isHeldOut = file == layout.test
      try write(file, bytes, names, isHeldOut, to: &target)
      say("\(isHeldOut ? "val" : "train"): \(file)")
    }
  }

  private func write(
    _ file: String, _ bytes: [UInt8], _ names: [ClassName], _ isHeldOut: Bool,
    to target: inout some ImportTarget
  ) throws(DataError) {
    let plane = Self.side * Self.side
    let record = layout.labels + 3 * plane
    guard bytes.count.isMultiple(of: record) else {
      throw .malformedArchive(
        path: path.appending(file), offset: bytes.count,
        reason: "its records are of \(record) bytes, and the last is cut off")
    }
    for number in 0..<(bytes.count / record) {
      let start = number * record
      let label = Int(bytes[start + layout.labels - 1])
      guard label < names.count else {
        throw .malformedArchive(
          path: path.appending(file), offset: start, reason: "class \(label) of \(names.count) named ones")
      }
      let pixels = start + layout.labels
      let rgb = (0..<(3 * plane)).map { bytes[pixels + $0 % 3 * plane + $0 / 3] }
      guard let png = encodedPNG(rgb, width: Self.side, height: Self.side) else {
        throw .unwritable(path: path, reason: "memory is short")
      }
      let name = "\(file.dropLast(4))_\(String(number, digits: 5)).png"
      let place = ImportPlace(isHeldOut: isHeldOut, className: names[label], name: Array(name.utf8))
      try target.add(place, ImagePart(size: png.count)) { () throws(DataError) in png }
    }
  }
}
