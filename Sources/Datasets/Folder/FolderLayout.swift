import Glibc
import System
import SystemPackage

/// What the folders in a folder are: classes, or splits that contain classes.
enum FolderLayout: Equatable {
  /// Each folder is a class.
  case classes
  /// The folders are train/, val/ or both.
  case splits([String])

  /// Looks for train/ and val/: a folder of that name is a class unless it contains folders or is packed. An
  /// empty val/ counts as none.
  init(of folder: FilePath) throws(DataError) {
    let names = ImageFolderPair.splits
    var found = [names.training, names.validation].filter { Folders.isFolder(folder.appending($0)) }
    if found.last == names.validation, try Self.isEmpty(folder.appending(names.validation)) {
      found.removeLast()
    }
    for name in found {
      let place = folder.appending(name)
      let hasFolders = try !Directory(place).folders.isEmpty
      guard hasFolders || ShardIndex.isThere(in: place) else { continue }
      self = .splits(found)
      return
    }
    self = .classes
  }

  /// Whether a folder contains nothing but hidden entries.
  static func isEmpty(_ folder: FilePath) throws(DataError) -> Bool {
    let directory = try Directory(folder)
    return directory.folders.isEmpty && directory.files.isEmpty
  }

  /// Throws if a split contains folders of splits, with the classes inside, in place of classes.
  static func requireClasses(in split: FilePath, named names: [ClassName]) throws(DataError) {
    let splits = [ImageFolderPair.splits.training, ImageFolderPair.splits.validation].map {
      ClassName(bytes: Array($0.utf8))
    }
    guard !names.isEmpty, names.allSatisfy(splits.contains), try FolderLayout(of: split) != .classes else {
      return
    }
    throw .splitInSplit(split)
  }

  /// Throws if folders of images and a pack would come to lie in one split, of which only the pack would be
  /// read.
  ///
  /// - Parameter packs: Whether a pack is to be written rather than images.
  static func require(_ split: FilePath, for packs: Bool) throws(DataError) {
    guard Folders.isFolder(split) else { return }
    let isTaken = packs ? !(try Directory(split).folders.isEmpty) : ShardIndex.isThere(in: split)
    if isTaken { throw .wouldBeHidden(folder: split) }
  }
}
