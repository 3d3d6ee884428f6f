import System
public import SystemPackage

/// The numbers of images and classes that an import has added, with its warnings.
public struct ImportTally {
  /// What was added to train/ or val/.
  public struct Split: Equatable, Sendable {
    /// Images in the source.
    public fileprivate(set) var images = 0
    /// Images that did not exist before; for a pack its shards count instead.
    public fileprivate(set) var written = 0
    /// The number of classes with images.
    public var classes: Int { names.count }
    fileprivate var names: Set<ClassName> = []
  }

  /// A number of files with the first of their paths.
  public struct Named: Sendable {
    /// The number of files.
    public private(set) var count = 0
    /// The first paths, at most three.
    public private(set) var first: [FilePath] = []

    fileprivate mutating func add(_ path: FilePath) {
      count += 1
      if first.count < 3 { first.append(path) }
    }
  }

  let source: FilePath
  /// What was added to train/.
  public private(set) var training = Split()
  /// What was added to val/.
  public private(set) var validation = Split()
  /// Files of another size, or links to other files, that were replaced by images.
  public private(set) var replaced = Named()
  /// Files that are no images despite their names, or have an unsupported format.
  public private(set) var unreadable = Named()
  // 64-bit hashes: among 14 million images, a collision has a probability of 5 in a million.
  private var taken: Set<UInt64> = []

  /// Makes an empty tally for `source`.
  init(of source: FilePath) { self.source = source }

  /// Counts an image; throws if its name cannot be a file's or another image has it.
  mutating func enter(_ place: ImportPlace, at path: FilePath) throws(DataError) {
    try require(place)
    guard taken.insert(fnv1a(path.bytes)).inserted else { throw .repeatedImage(path: path, source: source) }
    count(place) { split in
      split.images += 1
      split.names.insert(place.className)
    }
  }

  /// Counts an image that did not exist before.
  mutating func wrote(_ place: ImportPlace) { count(place) { $0.written += 1 } }

  mutating func replace(_ path: FilePath) { replaced.add(path) }

  /// Notes a file's format and returns whether training can read it, judged by its first bytes.
  @discardableResult
  mutating func note(_ format: ImageFormat?, _ path: FilePath) -> Bool {
    switch format {
    case nil, .other: unreadable.add(path)
    default: return true
    }
    return false
  }

  private mutating func count(_ place: ImportPlace, _ change: (inout Split) -> Void) {
    if place.isHeldOut { change(&validation) } else { change(&training) }
  }

  // Folders with names that begin with a dot are ignored, and a source must not choose where it is written.
  private func require(_ place: ImportPlace) throws(DataError) {
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

  private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
    (1...ImportPlace.longestName).contains(bytes.count) && bytes.first != UInt8(ascii: ".")
      && !bytes.contains(0)
  }
}
