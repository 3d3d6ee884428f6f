import System
import SystemPackage

/// What keeps a data set from being made.
extension DataError {
  var makingDescription: String {
    switch self {
    case .notEmpty(let folder):
      "\(folder.masked) is there already and holds something. Choose another folder. See: ls -A \(folder.quoted)"
    case .packed(let folder):
      """
      \(folder.masked) is packed, and its images have no files of their own. Take the folder that it was packed from, and \
      pack what comes of it
      """
    case .alreadySplit(let folder):
      """
      \(folder.masked) has train/ in the place of a class. It is split already, or the folder to split is \
      \(folder.appending(ImageFolderPair.splits.training).quoted)
      """
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
}
