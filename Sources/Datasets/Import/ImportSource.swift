import System
public import SystemPackage

/// A source of images in one of the known layouts of data sets.
protocol ImportSource {
  /// The kind of source, in a few words.
  var name: String { get }
  /// The size of the complete data set; nil if unknown.
  var whole: WholeSet? { get }
  /// The hints that the source uses.
  var heeded: Set<ImportHints.Kind> { get }
  /// Writes all images; calls `say` for each part that is done.
  func write(to target: inout some ImportTarget, _ say: (String) -> Void) throws(DataError)
}

/// The numbers of images and classes of a well-known data set; a split that was not provided has no
/// expectation.
struct WholeSet: Equatable {
  var training: (images: Int, classes: Int)?
  var validation: (images: Int, classes: Int)?

  static func == (a: WholeSet, b: WholeSet) -> Bool {
    a.training?.images == b.training?.images && a.validation?.images == b.validation?.images
      && a.training?.classes == b.training?.classes && a.validation?.classes == b.validation?.classes
  }

  /// Throws if a split has other numbers.
  ///
  /// - Parameter isWritten: Whether the images found were written.
  func require(_ tally: ImportTally, of source: FilePath, isWritten: Bool) throws(DataError) {
    for (name, expected, found) in [
      ("train", training, tally.training), ("val", validation, tally.validation),
    ] {
      guard let expected, expected != (found.images, found.classes) else { continue }
      throw .incomplete(
        split: name, found: [found.images, found.classes], expected: [expected.images, expected.classes],
        source: source, isWritten: isWritten)
    }
  }
}

/// What the user says about a source.
public struct ImportHints: Sendable {
  /// The file or folder with the classes of ILSVRC's validation images.
  public var labels: FilePath?
  /// Whether images go to val/ if the source does not say.
  public var isHeldOut = false

  /// The kinds of hints.
  public enum Kind: Sendable { case labels, split }

  /// Makes no hints.
  public init() {}
}

/// Recognises the layout of what lies at a path.
func importSource(at path: FilePath, _ hints: ImportHints) throws(DataError) -> any ImportSource {
  if Folders.isFolder(path) { return try source(inFolder: path, hints) }
  if let ending = path.extension, ["csv", "tsv"].contains(ending.lowercased()) {
    return try ImageTable(path, hints)
  }
  return try source(inArchive: path, hints)
}

private func source(inFolder path: FilePath, _ hints: ImportHints) throws(DataError) -> any ImportSource {
  let files = try Directory(path).files
  func has(_ name: String) -> Bool { files.contains { $0.elementsEqual(name.utf8) } }
  if let imageNet = try ImageNetArchives(
    training: has(ImageNetArchives.trainingName) ? path.appending(ImageNetArchives.trainingName) : nil,
    validation: has(ImageNetArchives.validationName) ? path.appending(ImageNetArchives.validationName) : nil,
    hints)
  {
    return imageNet
  }
  if let cifar = try CIFARFiles(in: path) { return cifar }
  let archives = CIFARFiles.archives.filter(has)
  if let archive = archives.first {
    guard archives.count == 1 else {
      throw .notImportable(
        path: path, reason: "it has \(archives.joined(separator: " and ")); name one of them")
    }
    return try CIFARFiles(archive: path.appending(archive))
  }
  if let packed = try PackedFolder(in: path) { return packed }
  if let shards = try WebShards(in: path, hints) { return shards }
  throw .notImportable(
    path: path,
    reason:
      "it has neither ILSVRC2012_img_train.tar or …_val.tar, nor CIFAR's .bin files, nor tar files of a WebDataset"
  )
}

/// Returns the first member; throws that it is no archive if even its start is none, or that a gzip file is
/// damaged.
private func first(of stream: ArchiveStream) throws(DataError) -> TarReader.Member? {
  var files = TarReader(stream)
  do throws(DataError) {
    return try files.next()
  } catch {
    guard case .malformedArchive(let path, let offset, _) = error, offset < TarMember.block else {
      throw error
    }
    guard stream.isPlain else {
      try ArchiveStream(path).requireSound()
      throw .notImportable(path: path, reason: "gzip made it, and not of a tar archive")
    }
    let isCalledGzip = path.extension.map { ["gz", "tgz"].contains($0.lowercased()) } ?? false
    throw .notImportable(
      path: path,
      reason: isCalledGzip
        ? "its name says that gzip made it, and its first bytes do not: it is damaged, or another file"
        : "it is neither a tar archive, nor one that gzip made, nor called .csv or .tsv")
  }
}

private func source(inArchive path: FilePath, _ hints: ImportHints) throws(DataError) -> any ImportSource {
  guard let first = try first(of: ArchiveStream(path)) else {
    throw .notImportable(path: path, reason: "the archive is empty")
  }
  let name = String(decoding: first.lastName, as: UTF8.self)
  if name.hasSuffix(".tar"), ValidationClasses.isSynset(name.dropLast(4)) {
    return try ImageNetArchives(training: path, validation: nil, hints) ?? WebShards(path, hints)
  }
  if name.hasPrefix("ILSVRC2012_val_") {
    return try ImageNetArchives(training: nil, validation: path, hints) ?? WebShards(path, hints)
  }
  func isBelow(_ folder: String) -> Bool { first.name.starts(with: "\(folder)/".utf8) }
  if CIFARFiles.folders.contains(where: isBelow) { return try CIFARFiles(archive: path) }
  if CIFARFiles.picklesFolders.contains(where: isBelow) {
    throw .notImportable(
      path: path,
      reason:
        "it is CIFAR's version for Python; the binary one is read, \(CIFARFiles.archives.joined(separator: " or "))"
    )
  }
  return WebShards(path, hints)
}
