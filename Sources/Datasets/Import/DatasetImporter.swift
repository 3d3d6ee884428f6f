import System
public import SystemPackage

/// Writes the images of an archive, of shards or of a table as train/CLASS/IMAGE and val/CLASS/IMAGE, or
/// packs them as that folder would be packed.
///
/// An interrupted call can simply be repeated: existing images, and shards of a pack, are not written again.
public struct DatasetImporter {
  private let path: FilePath
  private let out: FilePath
  private let source: any ImportSource

  /// Recognises the source at `path`; throws if its layout is unknown.
  public init(_ path: FilePath, to out: FilePath, _ hints: ImportHints) throws(DataError) {
    (self.path, self.out) = (path, out)
    source = try importSource(at: path, hints)
  }

  /// The kind of source, in a few words.
  public var sourceName: String { source.name }

  /// The hints that the source uses.
  public var heeded: Set<ImportHints.Kind> { source.heeded }

  /// Whether the size of the complete data set is known.
  public var hasKnownSize: Bool { source.whole != nil }

  /// Writes all images that do not exist yet; calls `say` for each part that is done.
  ///
  /// - Parameter isPartial: Whether a well-known data set may have fewer images than it should.
  public func write(isPartial: Bool, _ say: (String) -> Void) throws(DataError) -> ImportTally {
    try claimed(packing: false) { () throws(DataError) in
      var folder = ImportedFolder(out, from: path)
      try fill(&folder, isPartial: isPartial, say)
      return folder.tally
    }
  }

  /// Finds where all images lie and packs them from there; any thread calls `progress` when a shard is done.
  ///
  /// Images that training could not read are left out and counted.
  ///
  /// - Parameters:
  /// - recompression: How images are shrunk; nil keeps their bytes.
  /// - isPartial: Whether a well-known data set may have fewer images than it should.
  public func pack(
    imagesPerShard: Int, recompression: Recompression?, isPartial: Bool, threads: Int,
    _ say: (String) -> Void,
    progress: @escaping @Sendable (_ split: String, _ shard: Int, _ of: Int) -> Void
  ) throws(DataError) -> (ImportTally, [DatasetPacker.Split]) {
    try claimed(packing: true) { () throws(DataError) in
      var images = ImportedPack(out, from: path)
      try fill(&images, isPartial: isPartial, say)
      let packer = SplitPacker(out, imagesPerShard: imagesPerShard, recompression)
      let splits = try images.splits().map { split throws(DataError) in
        try packer.pack(split, threads: threads, progress)
      }
      return (images.tally, splits)
    }
  }

  private func claimed<Result>(
    packing isPack: Bool, _ body: () throws(DataError) -> Result
  ) throws(DataError) -> Result {
    if Folders.isFolder(path) { try Datasets.require(out, outside: path) }
    for split in [ImageFolderPair.splits.training, ImageFolderPair.splits.validation] {
      try FolderLayout.require(out.appending(split), for: isPack)
    }
    return try FolderClaim.hold(out, body)
  }

  private func fill(
    _ target: inout some ImportTarget, isPartial: Bool, _ say: (String) -> Void
  ) throws(DataError) {
    try source.write(to: &target, say)
    let tally = target.tally
    guard tally.training.images + tally.validation.images > 0 else {
      throw .notImportable(path: path, reason: "no image is in it")
    }
    if !isPartial, let whole = source.whole {
      try whole.require(tally, of: path, isWritten: target is ImportedFolder)
    }
  }

  /// Throws if a file's MD5 checksum is not `expected`, in hexadecimal digits.
  public static func require(md5 expected: String, of path: FilePath) throws(DataError) {
    var sum = MD5()
    do throws(SystemError) {
      let file = try RegularFile(path)
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
      defer { memory.deallocate() }
      var count = try file.read(into: memory)
      while count > 0 {
        sum.update(with: UnsafeRawBufferPointer(rebasing: memory[..<count]))
        count = try file.read(into: memory)
      }
    } catch {
      throw .unreadable(error)
    }
    guard sum.value == expected.lowercased() else {
      throw .otherSum(path: path, found: sum.value, expected: expected.lowercased())
    }
  }
}
