import Glibc
import System
import SystemPackage

/// An import's images to be packed: where each lies, in the order of the folder that they would make.
///
/// So the pack equals that folder's pack byte for byte, and its shards can be written in any order. Bytes
/// that no file contains as they are, such as those of a compressed archive or of CIFAR, are stored in a
/// temporary file.
struct ImportedPack: ImportTarget {
  private struct Image {
    let name: [UInt8]
    let part: ImportedParts.Part
  }

  private let root: FilePath
  private(set) var tally: ImportTally
  private var images: [Bool: [ClassName: [Image]]] = [:]
  private var files: [FilePath] = []
  private let open = OpenFiles()
  private var kept: KeptBytes?

  /// Makes the pack `root` from `source`.
  init(_ root: FilePath, from source: FilePath) {
    self.root = root
    tally = ImportTally(of: source)
  }

  mutating func add(
    _ place: ImportPlace, _ part: ImagePart, _ contents: () throws(DataError) -> [UInt8]
  ) throws(DataError) {
    try tally.enter(place, at: root.appending(place))
    guard let found = part.place else { return try keep(contents(), for: place) }
    let (file, start) = (number(of: found.file), found.offset)
    let format = try format(of: file, from: start, count: part.size)
    add(place, format, ImportedParts.Part(file: file, offset: start, size: part.size))
  }

  mutating func link(_ place: ImportPlace, to target: FilePath) throws(DataError) {
    try tally.enter(place, at: root.appending(place))
    let size = Int(try status(ofFile: target).st_size)
    let part = ImportedParts.Part(file: number(of: target), offset: 0, size: size)
    add(place, try ImageFormat(of: target), part)
  }

  private mutating func keep(_ bytes: [UInt8], for place: ImportPlace) throws(DataError) {
    var kept = if let kept { kept } else { try KeptBytes(in: root) }
    let part = ImportedParts.Part(file: ImportedParts.kept, offset: kept.count, size: bytes.count)
    try kept.append(bytes)
    self.kept = kept
    add(place, ImageFormat(bytes), part)
  }

  // As a walk through the folder would find it, except for files that are no images despite their names,
  // which nobody could remove.
  private mutating func add(_ place: ImportPlace, _ format: ImageFormat?, _ part: ImportedParts.Part) {
    let isFound = ImageFolder.isImage(place.name) || format?.isUnmistakable ?? false
    guard tally.note(isFound ? format : nil, root.appending(place)) else { return }
    images[place.isHeldOut, default: [:]][place.className, default: []]
      .append(Image(name: place.name, part: part))
  }

  // Images arrive file by file.
  private mutating func number(of file: FilePath) -> UInt32 {
    if files.last != file { files.append(file) }
    return UInt32(files.count - 1)
  }

  private func format(of file: UInt32, from offset: Int, count: Int) throws(DataError) -> ImageFormat? {
    do throws(SystemError) {
      let path = files[Int(file)]
      return ImageFormat(try open.file(file, at: path).bytes(from: offset, count: min(count, 64)))
    } catch {
      throw .unreadable(error)
    }
  }

  /// The splits that have images; throws for classes that one of them lacks, and for look-alike names.
  func splits() throws(DataError) -> [ImageFolder] {
    guard !images.isEmpty else {
      throw .notImportable(path: tally.source, reason: "none of its images can be read")
    }
    try requireEqualClasses()
    let bytes = ImportedBytes(files, open, kept)
    return try images.sorted { !$0.key && $1.key }.map { isHeldOut, classes throws(DataError) in
      try split(root.appending(ImportPlace.split(isHeldOut)), classes, bytes)
    }
  }

  private func split(
    _ root: FilePath, _ classes: [ClassName: [Image]], _ bytes: ImportedBytes
  ) throws(DataError) -> ImageFolder {
    var index = SplitIndexBuilder()
    let parts = ColumnBuilder<ImportedParts.Part>()
    let names = classes.keys.sorted()
    if let alike = ImageFolder.lookAlikes(names, in: root).first { throw alike }
    for name in names { index.name(name) }
    for name in names {
      index.beginClass()
      for image in (classes[name] ?? []).sorted(by: { ImageWalk.precedes($0.name, $1.name) }) {
        index.add(image.name)
        parts.append(image.part)
      }
    }
    return ImageFolder(root, index.finish(isPacked: false), ImportedParts(parts.finish(), bytes))
  }

  // Each split numbers its own classes, and an earlier import may have packed the other split.
  private func requireEqualClasses() throws(DataError) {
    func classes(_ isHeldOut: Bool) throws(DataError) -> Set<ClassName>? {
      if let classes = images[isHeldOut] { return Set(classes.keys) }
      return try ShardIndex(in: root.appending(ImportPlace.split(isHeldOut))).map { Set($0.split.classes) }
    }
    guard let training = try classes(false), let validation = try classes(true),
      let odd = training.symmetricDifference(validation).min()
    else { return }
    throw .unequalClasses(odd, isHeldOut: validation.contains(odd), source: tally.source)
  }
}
