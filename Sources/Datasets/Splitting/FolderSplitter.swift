import System
public import SystemPackage

/// Divides a folder of classes into train/ and val/ by links, so that no image is copied.
public struct FolderSplitter {
  private let folder: FilePath
  private let out: FilePath
  private let share: Double
  private let seed: UInt64
  private let pattern: GroupPattern?

  /// The result of a split.
  public struct Outcome: Equatable, Sendable {
    /// The classes with their numbers of images and of held-out images.
    public fileprivate(set) var classes: [Row] = []
    /// The number of groups; nil if each image is on its own.
    public fileprivate(set) var groups: Int?
    /// Images reached by symbolic links, since they lie on another file system or belong to another user.
    public fileprivate(set) var symbolicLinks = 0

    /// A class with its images.
    public struct Row: Equatable, Sendable {
      /// The class's name.
      public var name: ClassName
      /// Images on both sides.
      public var images: Int
      /// Those in val/.
      public var heldOut: Int
    }
  }

  /// Prepares a split.
  ///
  /// - Parameters:
  /// - folder: Contains CLASS/IMAGE.
  /// - out: The folder to make.
  /// - share: The fraction of the images for val/, above 0 and below 1.
  /// - pattern: Names groups of images that stay together.
  public init(
    _ folder: FilePath, to out: FilePath, share: Double, seed: UInt64, groups pattern: GroupPattern?
  ) {
    (self.folder, self.out, self.share) = (folder, out, share)
    (self.seed, self.pattern) = (seed, pattern)
  }

  /// Makes the whole folder or nothing; throws the errors of `ImageFolder`, and for a class that cannot be on
  /// both sides.
  public func split() throws(DataError) -> Outcome {
    try Directory.require(folder, orThrow: .noSuchFolder(folder))
    try requireClasses()
    try require(out, outside: folder)
    try requireEmpty()
    let images = try ImageFolder(folder)
    let split = StratifiedSplit(
      try described(images), classes: images.classes.count, share: share, seed: seed)
    guard split.undivided.isEmpty else {
      throw .indivisible(split.undivided.map { images.classes[$0] }, folder: folder, grouped: pattern != nil)
    }
    var outcome = Outcome()
    outcome.groups = pattern.map { _ in split.groups }
    outcome.classes = zip(images.classes, split.counts).map { name, count in
      Outcome.Row(name: name, images: count.images, heldOut: count.heldOut)
    }
    try NewFolder.make(out) { folder throws(DataError) in
      outcome.symbolicLinks = try link(images, split, below: folder)
    }
    return outcome
  }

  private func requireClasses() throws(DataError) {
    guard !ShardIndex.isThere(in: folder) else { throw .packed(folder: folder) }
    guard case .splits(let names) = try FolderLayout(of: folder) else { return }
    let places = names.map { folder.appending($0) }
    if let pack = places.first(where: ShardIndex.isThere) { throw .packed(folder: pack) }
    throw .alreadySplit(folder: places.first ?? folder)
  }

  private func requireEmpty() throws(DataError) {
    var isEmpty = true
    if (try? FolderIdentity(out)) != nil { isEmpty = Folders.names(in: out.string).isEmpty }
    if !isEmpty { throw .notEmpty(folder: out) }
  }

  private func described(_ images: ImageFolder) throws(DataError) -> [StratifiedSplit.Image] {
    var described: [StratifiedSplit.Image] = []
    for index in 0..<images.count {
      let (label, name) = (images.label(at: index), images.name(of: index))
      let group: [UInt8]
      if let pattern {
        guard let found = pattern.group(of: name) else {
          throw .ungrouped(path: images[index].path, pattern: pattern.text)
        }
        group = found
      } else {
        group = images.classes[label].bytes + [UInt8(ascii: "/")] + name
      }
      described.append(StratifiedSplit.Image(label: label, group: group))
    }
    return described
  }

  /// Makes the links and returns how many are symbolic.
  private func link(
    _ images: ImageFolder, _ split: StratifiedSplit, below out: FilePath
  ) throws(DataError) -> Int {
    let splits = ImageFolderPair.splits
    var symbolic = 0
    var last: FilePath?
    for index in 0..<images.count {
      let entry = images[index]
      let name = images.classes[entry.label].bytes + [UInt8(ascii: "/")] + images.name(of: index)
      let path = out.appending(split.isHeldOut[index] ? splits.validation : splits.training).appending(
        bytes: name)
      let parent = path.removingLastComponent()
      if parent != last, !Folders.make(parent) { throw .unwritable(SystemError("write", parent)) }
      last = parent
      if try FileLink.make(path, to: entry.path) == .symbolic { symbolic += 1 }
    }
    return symbolic
  }
}
