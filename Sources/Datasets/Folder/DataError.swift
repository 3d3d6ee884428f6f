public import System
public import SystemPackage

/// What can be wrong with a data set or one of its images.
///
/// `description` is for the user: what happened, where, the likely cause, the next command.
public enum DataError: Error, Equatable, Sendable {
  /// The named folder does not exist, or is a file.
  case noSuchFolder(FilePath)
  /// The data set has no folder of that name ("train" or "val").
  case missingSplit(String, dataset: FilePath)
  /// The folder contains no class folders.
  case noClasses(folder: FilePath)
  /// A class folder without a single image.
  case emptyClass(ClassName, folder: FilePath)
  /// A folder named for the images below it contains none.
  case noImages(folder: FilePath)
  /// A class exists only in the training split.
  case classMissing(ClassName, training: FilePath, validation: FilePath)
  /// A class exists only in the validation split.
  case classUnexpected(ClassName, training: FilePath, validation: FilePath)
  /// Two class names of a folder show the same characters with different bytes.
  case classSpelledTwice(ClassName, ClassName, folder: FilePath)
  /// A class's name in the two splits shows the same characters with different bytes.
  case classSpelledDifferently(ClassName, ClassName, training: FilePath, validation: FilePath)
  /// The system refuses to open or read a file or folder, or a pipe, socket or device is in a file's place.
  ///
  /// A transient error means that several attempts failed.
  case unreadable(SystemError)
  /// A file is no image, whatever its name says.
  case notAnImage(path: FilePath)
  /// A Git LFS pointer or a web page lies in the place of a file that was never fetched.
  case standIn(StandIn, path: FilePath)
  /// An image in a format that is recognised but not decoded.
  case unsupportedFormat(String, path: FilePath)
  /// An image in a known format is of a kind that is not decoded; `reason` is the decoder's.
  case unreadKind(path: FilePath, reason: String)
  /// An image is truncated or damaged; `reason` is the decoder's.
  case damagedImage(path: FilePath, reason: String)
  /// An image with more pixels than Pillow would decode, 178,956,970.
  case imageTooLarge(path: FilePath, width: Int, height: Int)
  /// An image that takes more than 768 MiB while it is decoded.
  case imageTooCostly(path: FilePath, bytes: Int)
  /// One step of all workers needs more images than there are.
  case batchLargerThanData(count: Int, batchSize: Int, worldSize: Int, accumulation: Int = 1)
  /// An epoch of repeated augmentation, a multiple of 256 views, is shorter than one step.
  case tooFewToRepeat(count: Int, batchSize: Int, worldSize: Int)
  /// The table of the digits demo does not exist.
  case noSuchTable(path: String)
  /// The table of the digits demo has unexpected content.
  case malformedTable(path: String, reason: String)
  /// The index of a packed split is truncated, changed or of another kind.
  case malformedIndex(path: FilePath, reason: String)
  /// A shard with images in the index does not exist.
  case missingShard(FilePath)
  /// This host has only some shards but needs all, or `isByHost` and there are no other hosts to have the
  /// rest.
  case incompletePacks([ShardPresence], isByHost: Bool)
  /// None of the run's hosts has these shards of a packed split complete.
  case shardsNowhere([Int], folder: FilePath, hosts: Int)
  /// No shard of a packed split is left for a host to train on.
  case noShardLeft(host: Int, folder: FilePath)
  /// The folder holds a pack of other images, or one with other settings.
  case otherPack(folder: FilePath)
  /// A file or folder that cannot be written.
  case unwritable(path: FilePath, reason: String)
  /// A folder to be made already contains something.
  case notEmpty(folder: FilePath)
  /// The output would lie in the folder that it is made from.
  case insideItself(path: FilePath, folder: FilePath)
  /// The folder is packed where separate image files are needed.
  case packed(folder: FilePath)
  /// The folder to be split already has this split with classes in it.
  case alreadySplit(folder: FilePath)
  /// Folders of images and a pack would come to lie in the same split.
  case wouldBeHidden(folder: FilePath)
  /// A split contains `train/` and `val/` but no classes.
  case splitInSplit(FilePath)
  /// Images are to be held out, but the folder has a `val/`.
  case heldOutTwice(folder: FilePath)
  /// These classes cannot have images on both sides of a split.
  case indivisible([ClassName], folder: FilePath, grouped: Bool)
  /// The group pattern does not match an image's path.
  case ungrouped(path: FilePath, pattern: String)
  /// The source to import has no known layout.
  case notImportable(path: FilePath, reason: String)
  /// An archive cannot be read further than this offset.
  case malformedArchive(path: FilePath, offset: Int, reason: String)
  /// An intact archive contains a member, at this offset, that cannot be used.
  case unusableMember(path: FilePath, offset: Int, reason: String)
  /// A list or table cannot be read, on this line.
  case malformedList(path: FilePath, line: Int?, reason: String)
  /// No list gives the classes of ILSVRC's validation images.
  case noLabels(archive: FilePath)
  /// A well-known data set has other numbers of images or classes than it should.
  case incomplete(split: String, found: [Int], expected: [Int], source: FilePath, isWritten: Bool = true)
  /// A class exists in only one split of a source to be packed, so that the splits' labels would differ.
  case unequalClasses(ClassName, isHeldOut: Bool, source: FilePath)
  /// Two images of a source would have the same file name.
  case repeatedImage(path: FilePath, source: FilePath)
  /// A class or an image has a name that cannot be a folder's or a file's.
  case unusableName(ClassName, source: FilePath)
  /// An image in a shard has other bytes than when it was packed; `more` further images of the shard do too.
  case changedImage(path: FilePath, reason: String, more: Int = 0)
  /// A shard differs from the archive that was packed, at this offset and at `more` further places.
  case damagedShard(FilePath, offset: Int, reason: String, more: Int = 0)
  /// A folder has shards but no index of them.
  case missingIndex(folder: FilePath)
  /// A folder to be packed is not divided into `train/` and `val/`.
  case notSplit(folder: FilePath)
  /// A link in the place of an image or a folder leads nowhere.
  case danglingLink(FilePath)
  /// There is no room to write a file.
  case noRoom(path: FilePath, reason: String)
  /// A file's MD5 sum differs from the expected one.
  case otherSum(path: FilePath, found: String, expected: String)

  /// Whether a named file or folder does not exist (exit code 66), as opposed to one with bad content (65).
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

  /// Whether the storage or the system failed (exit code 74), so that another start may succeed.
  public var isTransient: Bool {
    if case .unreadable(let error) = self { error.isTransient } else { false }
  }

  /// The file whose content cannot be used, as opposed to one that is missing or unreadable.
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

  /// Whether writing failed (exit code 74), so that the input is not to blame.
  public var isWriteFailure: Bool {
    switch self {
    case .unwritable, .noRoom: true
    default: false
    }
  }
}
