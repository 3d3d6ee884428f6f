import Glibc
import System
public import SystemPackage

/// The folder that an import makes: train/CLASS/IMAGE and val/CLASS/IMAGE, each image whole or not there.
///
/// An image that is there with as many bytes is left alone, so that an import that was interrupted is simply made again.
public struct ImportedFolder {
  /// What came to train/ or val/.
  public struct Split: Equatable, Sendable {
    /// Images that the source has.
    public fileprivate(set) var images = 0
    /// Those that were not there before.
    public fileprivate(set) var written = 0
    /// Classes that have images.
    public var classes: Int { names.count }
    fileprivate var names: Set<ClassName> = []
  }

  /// How many files, and the first of them.
  public struct Named: Sendable {
    /// All of them.
    public private(set) var count = 0
    /// Three at the most.
    public private(set) var first: [FilePath] = []

    fileprivate mutating func add(_ path: FilePath) {
      count += 1
      if first.count < 3 { first.append(path) }
    }
  }

  /// Where an image belongs.
  struct Place {
    /// Whether in val/, and not in train/.
    var isHeldOut: Bool
    var className: ClassName
    /// Its path below its class.
    var name: [UInt8]
  }

  private let root: FilePath
  private let source: FilePath
  /// What came to train/.
  public private(set) var training = Split()
  /// What came to val/.
  public private(set) var validation = Split()
  /// Files of another size, or links to other files, in whose place images were put.
  public private(set) var replaced = Named()
  /// Files among them that are no images, whatever their names say, or of a format that is not read: how many, and the first ones.
  public private(set) var unreadable = Named()
  private var folders: Set<FilePath> = []
  // Hashes of 64 bits: of 14 million images, two are taken for one with a probability of 5 in a million.
  private var taken: Set<UInt64> = []

  /// The folder `root`, of what `source` has.
  init(_ root: FilePath, from source: FilePath) {
    (self.root, self.source) = (root, source)
  }

  /// Writes an image, unless it is there.
  ///
  /// - Parameters:
  ///   - size: Its bytes.
  ///   - contents: Reads it; not called for one that is there.
  mutating func add(
    _ place: Place, size: Int, _ contents: () throws(DataError) -> [UInt8]
  ) throws(DataError) {
    let path = try enter(place)
    var status = stat()
    let isThere = path.withPlatformString { lstat($0, &status) } == 0
    guard !isThere || status.st_mode & S_IFMT != S_IFREG || Int(status.st_size) != size else {
      return note(try Self.format(of: path), path)
    }
    let bytes = try contents()
    note(ImageFormat(bytes), path)
    if isThere { replaced.add(path) }
    let file = try NewFile(path)
    try file.write(bytes)
    try file.finish(syncing: false)
    count(place) { $0.written += 1 }
  }

  /// Gives an image of this machine a second name, unless it has that.
  mutating func link(_ place: Place, to target: FilePath) throws(DataError) {
    let path = try enter(place)
    var (there, wanted) = (stat(), stat())
    guard target.withPlatformString({ stat($0, &wanted) }) == 0 else {
      throw .unreadable(SystemError("open", target))
    }
    guard wanted.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(SystemError("open", target, wanted.st_mode & S_IFMT == S_IFDIR ? EISDIR : ENXIO))
    }
    note(try Self.format(of: target), path)
    if path.withPlatformString({ stat($0, &there) }) == 0, there.st_ino == wanted.st_ino,
      there.st_dev == wanted.st_dev
    {
      return
    }
    if path.withPlatformString({ lstat($0, &there) }) == 0 { replaced.add(path) }
    try NewFile.link(path, to: target)
    count(place) { $0.written += 1 }
  }

  /// Notes a file that no training could read, by what its first bytes say.
  private mutating func note(_ format: ImageFormat?, _ path: FilePath) {
    switch format {
    case nil, .other: break
    default: return
    }
    unreadable.add(path)
  }

  private static func format(of path: FilePath) throws(DataError) -> ImageFormat? {
    do throws(SystemError) { return try ImageFormat(fileAt: path) } catch { throw .unreadable(error) }
  }

  /// Counts an image and makes its folder; throws for a second one of that name.
  private mutating func enter(_ place: Place) throws(DataError) -> FilePath {
    try require(place)
    let split = place.isHeldOut ? ImageFolderPair.splits.validation : ImageFolderPair.splits.training
    let path = root.appending(split).appending(bytes: place.className.bytes).appending(bytes: place.name)
    guard taken.insert(fnv1a(path.bytes)).inserted else { throw .repeatedImage(path: path, source: source) }
    let folder = path.removingLastComponent()
    if !folders.contains(folder) {
      guard Folders.make(folder) else { throw .unwritable(SystemError("write", folder)) }
      folders.insert(folder)
    }
    count(place) { split in
      split.images += 1
      split.names.insert(place.className)
    }
    return path
  }

  private mutating func count(_ place: Place, _ change: (inout Split) -> Void) {
    if place.isHeldOut { change(&validation) } else { change(&training) }
  }

  // Folders whose names begin with a dot are not read, and a source may not choose where it is written.
  private func require(_ place: Place) throws(DataError) {
    let slash = UInt8(ascii: "/")
    guard Self.isName(place.className.bytes[...]), !place.className.bytes.contains(slash) else {
      throw .unusableName(place.className, source: source)
    }
    guard !place.name.isEmpty,
      place.name.split(separator: slash, omittingEmptySubsequences: false).allSatisfy(Self.isName)
    else {
      throw .unusableName(ClassName(bytes: place.name), source: source)
    }
  }

  // So much file systems take.
  private static let longestName = 255

  private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
    (1...longestName).contains(bytes.count) && bytes.first != UInt8(ascii: ".") && !bytes.contains(0)
  }
}
