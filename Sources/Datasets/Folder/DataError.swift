public import System
public import SystemPackage

/// What can be wrong with a data set or one of its images.
///
/// `description` is made for the user: what happened, where, the likely cause, the next command.
public enum DataError: Error, Equatable, Sendable {
  /// The folder that was asked for does not exist, or is a file.
  case noSuchFolder(FilePath)
  /// The data set has no folder of that name ("train" or "val").
  case missingSplit(String, dataset: FilePath)
  /// The folder has no class folders in it.
  case noClasses(folder: FilePath)
  /// A class folder without a single image.
  case emptyClass(ClassName, folder: FilePath)
  /// A folder that was named for the images below it, and has none.
  case noImages(folder: FilePath)
  /// A class that is in the training split alone.
  case classMissing(ClassName, training: FilePath, validation: FilePath)
  /// A class that is in the validation split alone.
  case classUnexpected(ClassName, training: FilePath, validation: FilePath)
  /// Two classes of a folder whose names are different bytes for the same characters.
  case classSpelledTwice(ClassName, ClassName, folder: FilePath)
  /// A class whose name in each split is other bytes for the same characters.
  case classSpelledDifferently(ClassName, ClassName, training: FilePath, validation: FilePath)
  /// A file or folder that the system refuses to open or read, or a pipe, socket or device in a file's place.
  ///
  /// A transient error stands for several attempts.
  case unreadable(SystemError)
  /// A file that is not an image, whatever its name says.
  case notAnImage(path: FilePath)
  /// In its place lies what was never the file.
  case standIn(StandIn, path: FilePath)
  /// An image in a format that is recognised but not decoded.
  case unsupportedFormat(String, path: FilePath)
  /// An image in a known format, of a kind that is not decoded; `reason` is the decoder's.
  case unreadKind(path: FilePath, reason: String)
  /// An image whose bytes are cut off or damaged; `reason` is the decoder's.
  case damagedImage(path: FilePath, reason: String)
  /// An image with more pixels than Pillow would decode, 178,956,970.
  case imageTooLarge(path: FilePath, width: Int, height: Int)
  /// An image that takes more than 768 MiB while it is decoded.
  case imageTooCostly(path: FilePath, bytes: Int)
  /// One step of all workers needs more images than there are.
  case batchLargerThanData(count: Int, batchSize: Int, worldSize: Int, accumulation: Int = 1)
  /// An epoch of repeated augmentation, a multiple of 256 views, has no whole step.
  case tooFewToRepeat(count: Int, batchSize: Int, worldSize: Int)
  /// The table of the digits demo does not exist.
  case noSuchTable(path: String)
  /// The table of the digits demo is not what it should be.
  case malformedTable(path: String, reason: String)
  /// The index of a packed split that is cut off, changed or of another kind.
  case malformedIndex(path: FilePath, reason: String)
  /// A shard that is not there, of which the index beside it has images.
  case missingShard(FilePath)
  /// Packs of which this host has a part, where it needs all; or where others could have had the rest, and there are none.
  case incompletePacks([ShardPresence], isByHost: Bool)
  /// Shards of a packed split that none of a run's several hosts has whole.
  case shardsNowhere([Int], folder: FilePath, hosts: Int)
  /// A packed split of which no shard is left for a host to train on.
  case noShardLeft(host: Int, folder: FilePath)
  /// A folder that holds a pack of other images, or one made in another way.
  case otherPack(folder: FilePath)
  /// A file or folder that cannot be written.
  case unwritable(path: FilePath, reason: String)
  /// A folder that was to be made, and holds something.
  case notEmpty(folder: FilePath)
  /// Something that was to be written into the folder that it is made of.
  case insideItself(path: FilePath, folder: FilePath)
  /// A folder whose images were to be looked for in files of their own, and are packed.
  case packed(folder: FilePath)
  /// A folder that was to be split has this one, with classes in it.
  case alreadySplit(folder: FilePath)
  /// A split that would have folders of images beside a pack.
  case wouldBeHidden(folder: FilePath)
  /// A split that has `train/` and `val/` itself, and no classes.
  case splitInSplit(FilePath)
  /// Images are to be held out of a folder that has `val/`.
  case heldOutTwice(folder: FilePath)
  /// Classes that cannot have images on both sides of a split.
  case indivisible([ClassName], folder: FilePath, grouped: Bool)
  /// An image in whose path the pattern of groups finds none.
  case ungrouped(path: FilePath, pattern: String)
  /// What was to be imported, and is of no known layout.
  case notImportable(path: FilePath, reason: String)
  /// An archive that cannot be read on, and where in it.
  case malformedArchive(path: FilePath, offset: Int, reason: String)
  /// A part of a whole archive, and where it is, that is of no use.
  case unusableMember(path: FilePath, offset: Int, reason: String)
  /// A list or table that cannot be read, and on which line.
  case malformedList(path: FilePath, line: Int?, reason: String)
  /// An archive of ILSVRC's validation images of which no list says the classes.
  case noLabels(archive: FilePath)
  /// A well-known data set of which images or classes are missing, or more than there are.
  case incomplete(split: String, found: [Int], expected: [Int], source: FilePath, isWritten: Bool = true)
  /// A class that one split of a source has and the other has not, in a pack, which would number them apart.
  case unequalClasses(ClassName, isHeldOut: Bool, source: FilePath)
  /// Two images of a source that would be one file.
  case repeatedImage(path: FilePath, source: FilePath)
  /// A class or an image whose name cannot be that of a folder or a file.
  case unusableName(ClassName, source: FilePath)
  /// An image in a shard whose bytes are no longer those that were packed, and of how many more of that shard the same is true.
  case changedImage(path: FilePath, reason: String, more: Int = 0)
  /// A shard that is no longer the archive that was packed, where in it, and how many more such places there are.
  case damagedShard(FilePath, offset: Int, reason: String, more: Int = 0)
  /// A folder that has shards, and not the index that says what is in them.
  case missingIndex(folder: FilePath)
  /// A folder that was to be packed and is not divided into `train/` and `val/`.
  case notSplit(folder: FilePath)
  /// A link in the place of an image or a folder that leads to nothing.
  case danglingLink(FilePath)
  /// A file that is not written since there is no room for it.
  case noRoom(path: FilePath, reason: String)
  /// A file whose MD5 sum is another.
  case otherSum(path: FilePath, found: String, expected: String)

  /// Whether a file or folder that was named does not exist (exit code 66), unlike one whose content is bad (65).
  public var isMissingInput: Bool {
    switch self {
    case .noSuchFolder, .missingSplit, .noSuchTable, .noLabels, .missingShard, .incompletePacks,
      .shardsNowhere,
      .noShardLeft:
      true
    case .missingIndex, .danglingLink: true
    default: false
    }
  }

  var isOfMissingShard: Bool { if case .missingShard = self { true } else { false } }

  /// Whether the storage or the system was in trouble (exit code 74), so that another start may go well.
  public var isTransient: Bool {
    if case .unreadable(let error) = self { error.isTransient } else { false }
  }

  /// The file whose content cannot be used, unlike one that is missing or cannot be read.
  public var damagedFile: FilePath? {
    switch self {
    case .notAnImage(let path), .standIn(_, let path), .unsupportedFormat(_, let path),
      .unreadKind(let path, _),
      .damagedImage(let path, _), .imageTooLarge(let path, _, _), .imageTooCostly(let path, _):
      path
    case .changedImage(let path, _, _): path
    default: nil
    }
  }

  /// Whether writing failed (exit code 74), so that neither the input nor its content is to blame.
  public var isWriteFailure: Bool {
    switch self {
    case .unwritable, .noRoom: true
    default: false
    }
  }
}
