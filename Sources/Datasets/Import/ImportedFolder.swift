import Glibc
import System
import SystemPackage

/// The folder that an import makes: train/CLASS/IMAGE and val/CLASS/IMAGE, where each image is complete or
/// missing.
///
/// An existing image of the right size is left alone, so an interrupted import can simply be repeated.
struct ImportedFolder: ImportTarget {
  private let root: FilePath
  private(set) var tally: ImportTally
  private var folders: Set<FilePath> = []

  /// Makes the folder `root` from `source`.
  init(_ root: FilePath, from source: FilePath) {
    self.root = root
    tally = ImportTally(of: source)
  }

  /// Writes an image unless it exists.
  mutating func add(
    _ place: ImportPlace, _ part: ImagePart, _ contents: () throws(DataError) -> [UInt8]
  ) throws(DataError) {
    let path = try enter(place)
    var status = stat()
    let isThere = path.withPlatformString { lstat($0, &status) } == 0
    guard !isThere || status.st_mode & S_IFMT != S_IFREG || Int(status.st_size) != part.size else {
      tally.note(try ImageFormat(of: path), path)
      return
    }
    let bytes = try contents()
    tally.note(ImageFormat(bytes), path)
    if isThere { tally.replace(path) }
    let file = try NewFile(path)
    try file.write(bytes)
    try file.finish(syncing: false)
    tally.wrote(place)
  }

  /// Links to an image on this machine unless the link exists.
  mutating func link(_ place: ImportPlace, to target: FilePath) throws(DataError) {
    let path = try enter(place)
    let wanted = try status(ofFile: target)
    tally.note(try ImageFormat(of: target), path)
    var there = stat()
    if path.withPlatformString({ stat($0, &there) }) == 0, there.st_ino == wanted.st_ino,
      there.st_dev == wanted.st_dev
    {
      return
    }
    if path.withPlatformString({ lstat($0, &there) }) == 0 { tally.replace(path) }
    try NewFile.link(path, to: target)
    tally.wrote(place)
  }

  /// Counts an image and makes its folder.
  private mutating func enter(_ place: ImportPlace) throws(DataError) -> FilePath {
    let path = root.appending(place)
    try tally.enter(place, at: path)
    let folder = path.removingLastComponent()
    if !folders.contains(folder) {
      guard Folders.make(folder) else { throw .unwritable(SystemError("write", folder)) }
      folders.insert(folder)
    }
    return path
  }
}

extension FilePath {
  /// An image's path in a data set's folder.
  func appending(_ place: ImportPlace) -> FilePath {
    appending(place.split).appending(bytes: place.className.bytes).appending(bytes: place.name)
  }
}

extension ImageFormat {
  /// As `init(fileAt:)`, but throws a `DataError`.
  init?(of path: FilePath) throws(DataError) {
    do throws(SystemError) { try self.init(fileAt: path) } catch { throw .unreadable(error) }
  }
}

/// Returns the status of the file that `path` leads to; throws unless it is a regular file.
func status(ofFile path: FilePath) throws(DataError) -> stat {
  var found = stat()
  guard path.withPlatformString({ stat($0, &found) }) == 0 else {
    throw .unreadable(SystemError("open", path))
  }
  guard found.st_mode & S_IFMT == S_IFREG else {
    throw .unreadable(SystemError("open", path, found.st_mode & S_IFMT == S_IFDIR ? EISDIR : ENXIO))
  }
  return found
}
