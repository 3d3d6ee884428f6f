import System
public import SystemPackage

/// What an import has come to: how many images and classes, and what was odd about some of them.
public struct ImportTally {
  /// What came to train/ or val/.
  public struct Split: Equatable, Sendable {
    /// Images that the source has.
    public fileprivate(set) var images = 0
    /// Those that were not there before; of a pack its shards tell.
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

  let source: FilePath
  /// What came to train/.
  public private(set) var training = Split()
  /// What came to val/.
  public private(set) var validation = Split()
  /// Files of another size, or links to other files, in whose place images were put.
  public private(set) var replaced = Named()
  /// Files that are no images, whatever their names say, or of a format that is not read.
  public private(set) var unreadable = Named()
  // Hashes of 64 bits: of 14 million images, two are taken for one with a probability of 5 in a million.
  private var taken: Set<UInt64> = []

  /// Nothing yet, of what `source` has.
  init(of source: FilePath) { self.source = source }

  /// Counts an image; throws for a name that cannot be one, or that another image has.
  mutating func enter(_ place: ImportPlace, at path: FilePath) throws(DataError) {
    try require(place)
    guard taken.insert(fnv1a(path.bytes)).inserted else { throw .repeatedImage(path: path, source: source) }
    count(place) { split in
      split.images += 1
      split.names.insert(place.className)
    }
  }

  /// Counts an image that was not there before.
  mutating func wrote(_ place: ImportPlace) { count(place) { $0.written += 1 } }

  mutating func replace(_ path: FilePath) { replaced.add(path) }

  /// Whether a file is an image that training can read, by what its first bytes say; one that is none is noted.
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

  // Folders whose names begin with a dot are not read, and a source may not choose where it is written.
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
