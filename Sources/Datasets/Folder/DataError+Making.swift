import System
import SystemPackage

/// Descriptions of errors in making a data set.
extension DataError {
  var splittingDescription: String {
    switch self {
    case .notEmpty(let folder):
      "\(folder.masked) is there already and holds something. Choose another folder. See: ls -A \(folder.quoted)"
    case .insideItself(let path, let folder):
      "\(path.masked) lies in \(folder.masked), whose images it would be taken for. Choose another place"
    case .packed(let folder):
      """
      \(folder.masked) is packed, and its images have no files of their own. Take the folder that it was packed from, and \
      pack what comes of it
      """
    case .alreadySplit(let split):
      """
      \(split.masked) has folders of its own, as no class has: what it lies in is split already. Where that one is to be split, \
      name it: \(split.quoted)
      """
    case .splitInSplit(let split):
      """
      \(split.named) has \(ImageFolderPair.splits.training)/ or \(ImageFolderPair.splits.validation)/ itself, with the classes in them: \
      the data set lies one level deeper than the path says. Take \(split.quoted) for its folder. See: ls \(split.quoted)
      """
    case .wouldBeHidden(let folder):
      """
      \(folder.masked) would have folders of images and a pack, of which only the pack is read. Choose another folder. See: \
      ls \(folder.quoted)
      """
    case .heldOutTwice(let folder):
      "\(folder.masked) has a val/ of its own, so there is nothing to hold out. Leave --val-split away, or give --val-split 0 where a file of values or a checkpoint says it."
    case .indivisible(let classes, let folder, let grouped):
      """
      \(firstOf(classes.map { "\"\($0)\"" })) of \(folder.masked) cannot be in train/ and in val/, and every label after a class \
      that one of them lacks would shift: \(classes.count == 1 ? "it has" : "each has") a single \
      \(grouped ? "group of images, or groups that other classes need" : "image"). Add images, or move \
      \(classes.count == 1 ? "it" : "them") out of the folder
      """
    case .ungrouped(let path, let pattern):
      """
      no group for \(path.masked): its path below its class does not match \(masked(pattern)), and an image without its \
      group may be in train/ while others of its kind are in val/. Widen --group-by, or move such images out of the folder
      """
    default: ""
    }
  }

  var importDescription: String {
    switch self {
    case .notImportable(let path, let reason):
      """
      \(path.masked) is nothing that can be imported: \(masked(reason)). What can: twins-worker dataset import --help
      """
    case .malformedArchive(let path, let offset, let reason):
      """
      \(path.masked) cannot be used from byte \(offset) on: \(masked(reason)). Likely an interrupted download or copy: fetch it \
      again, and give the same command, which goes on where it was
      """
    case .unusableMember(let path, let offset, let reason):
      """
      what \(path.masked) has at byte \(offset) cannot be imported: \(masked(reason)). The archive is whole: mend it where it was \
      made, and give the same command again
      """
    case .malformedList(let path, let line, let reason):
      "\(path.masked) cannot be used\(line.map { ", in line \($0)" } ?? ""): \(masked(reason)). See: head \(path.quoted)"
    case .noLabels(let archive):
      """
      the classes of the images in \(archive.masked) are not known: they are in ILSVRC2012_devkit_t12.tar.gz, which is not \
      beside it. Put it there, or name it, or a list with a synset an image: --labels FILE
      """
    case .incomplete(let split, let found, let expected, let source, let isWritten):
      """
      \(split)/ has \(counted(found[0], "image")) in \(counted(found[1], "class", "classes")) from \(source.masked), and the whole has \(expected[0]) in \
      \(expected[1]). \(isWritten ? "What there is was written" : "Nothing was written"); --partial takes it for enough
      """
    case .unequalClasses(let name, let isHeldOut, let source):
      """
      class "\(name)" of \(source.masked) is in \(isHeldOut ? "val/ alone" : "train/ alone"), and every label after it would shift: \
      nothing was written. Import it as a folder, without --shards; dataset scan names all such classes there, and dataset \
      pack packs it once they are mended
      """
    case .repeatedImage(let path, let source):
      """
      two images of \(source.masked) would both be \(path.masked), and one of them would be lost. Give them names of their own
      """
    case .unusableName(let name, let source):
      """
      "\(name)", from \(source.masked), cannot name a class or an image: such names have 1 to 255 bytes, begin with no dot \
      and have no slash
      """
    case .otherSum(let path, let found, let expected):
      """
      \(path.masked) has the MD5 sum \(found), and not \(expected): it is damaged, or another file. Fetch it again
      """
    default: ""
    }
  }
}
