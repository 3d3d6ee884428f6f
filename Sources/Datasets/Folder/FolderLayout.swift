import Glibc
import System
import SystemPackage

/// What the folders in a folder are: classes, or splits that have them.
enum FolderLayout: Equatable {
  /// A class each.
  case classes
  /// train/, val/ or both.
  case splits([String])

  /// Looks for train/ and val/: a folder of that name is a class as others are, unless it has folders itself or is packed.
  init(of folder: FilePath) throws(DataError) {
    let names = ImageFolderPair.splits
    let found = [names.training, names.validation].filter { Folders.isFolder(folder.appending($0)) }
    for name in found {
      let place = folder.appending(name)
      let hasFolders = try !Directory(place).folders.isEmpty
      guard hasFolders || ShardIndex.isThere(in: place) else { continue }
      self = .splits(found)
      return
    }
    self = .classes
  }

  /// Throws where folders of images and a pack would come to lie in one split, of which only the pack is read.
  ///
  /// - Parameter packs: Whether a pack is to come, and not images.
  static func require(_ split: FilePath, for packs: Bool) throws(DataError) {
    guard Folders.isFolder(split) else { return }
    let isTaken = packs ? !(try Directory(split).folders.isEmpty) : ShardIndex.isThere(in: split)
    if isTaken { throw .wouldBeHidden(folder: split) }
  }
}
