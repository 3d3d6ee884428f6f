import System
import SystemPackage

/// A split's classes and images, and what they were read from.
///
/// It takes about 30 bytes of memory per image, and 16 more in a pack.
struct SplitIndex: Sendable {
  /// The class names; their positions are the labels.
  let classes: [ClassName]
  /// The index of each class's first image; a class's images are consecutive.
  let starts: [Int]
  /// The images' paths below their classes' folders.
  let names: PathList
  /// Where each image lies in the shards of a pack; nil if each is a file.
  let places: Column<ShardIndex.Place>?
  /// The folders and files that the images were found in.
  let sources: IndexSources
}

/// The folders and files that determine a split's images, each with its stamp from before it was read.
struct IndexSources: Sendable {
  let paths: PathList
  let stamps: Column<Stamp>
  /// When the first of them was examined, in nanoseconds since 1970; nil for a stored index.
  let moment: Int?

  /// Whether all are unchanged, so that the same images would be found.
  func areUnchanged(in root: FilePath) -> Bool {
    stamps.indices.allSatisfy { Stamp(root.appending(bytes: paths[$0])) == stamps[$0] }
  }

  /// Whether any later change would change a stamp; false for a stored index.
  func areSettled(margin: Int) -> Bool {
    guard let moment else { return false }
    return stamps.allSatisfy { $0.isSettled(at: moment, margin: margin) }
  }
}

/// Builds an index.
struct SplitIndexBuilder {
  private let moment = Stamp.now()
  private(set) var classes: [ClassName] = []
  private var starts: [Int] = []
  private let names = PathListBuilder()
  private let places = ColumnBuilder<ShardIndex.Place>()
  private let sources = (paths: PathListBuilder(), stamps: ColumnBuilder<Stamp>())

  /// The number of images so far.
  var count: Int { names.count }

  /// The number of classes begun.
  var begun: Int { starts.count }

  /// Adds a class name; classes are numbered in this order.
  mutating func name(_ name: ClassName) { classes.append(name) }

  /// Starts the next class, to which the images that follow belong.
  mutating func beginClass() { starts.append(names.count) }

  mutating func add(_ name: some Collection<UInt8>, at place: ShardIndex.Place? = nil) {
    names.append(name)
    if let place { places.append(place) }
  }

  /// Notes a source of images by its path below the split's folder.
  mutating func note(_ path: some Collection<UInt8>, _ stamp: Stamp) {
    sources.paths.append(path)
    sources.stamps.append(stamp)
  }

  mutating func finish(isPacked: Bool) -> SplitIndex {
    SplitIndex(
      classes: classes, starts: starts, names: names.finish(), places: isPacked ? places.finish() : nil,
      sources: IndexSources(paths: sources.paths.finish(), stamps: sources.stamps.finish(), moment: moment))
  }
}

extension SplitIndex {
  /// The index of some images, in ascending order, with the same classes. It has no sources, so it must not
  /// be stored.
  func part(_ images: [Int]) -> SplitIndex {
    var builder = SplitIndexBuilder()
    var next = 0
    for (label, name) in classes.enumerated() {
      builder.name(name)
      builder.beginClass()
      let end = label + 1 < starts.count ? starts[label + 1] : names.count
      while next < images.count, images[next] < end {
        builder.add(names[images[next]], at: places?[images[next]])
        next += 1
      }
    }
    return builder.finish(isPacked: places != nil)
  }

  /// Lists the folders of `root` as classes, and the images below them.
  init(walking root: FilePath) throws(DataError) {
    var builder = SplitIndexBuilder()
    builder.note([], Stamp(root))
    let directory = try ImageFolder.directory(root)
    // A link that leads nowhere now may lead to a class later.
    for name in directory.files { builder.note(name, Stamp(root.appending(bytes: name))) }
    for name in directory.folders { builder.name(ClassName(bytes: name)) }
    guard !builder.classes.isEmpty else {
      throw directory.files.contains(where: ShardIndex.isShard)
        ? .missingIndex(folder: root) : .noClasses(folder: root)
    }
    try FolderLayout.requireClasses(in: root, named: builder.classes)
    if let alike = ImageFolder.lookAlikes(builder.classes, in: root).first { throw alike }
    for name in builder.classes {
      let walk = ImageWalk(root.appending(bytes: name.bytes))
      if let failure = walk.failures.first { throw failure }
      guard !walk.images.isEmpty else {
        // A split of a pack looks like a class when its index is missing.
        throw walk.leftOut.contains(where: ShardIndex.isShard)
          ? .missingIndex(folder: root.appending(bytes: name.bytes)) : .emptyClass(name, folder: root)
      }
      for (path, stamp) in walk.sources {
        builder.note(path.isEmpty ? name.bytes : name.bytes + [UInt8(ascii: "/")] + path, stamp)
      }
      builder.beginClass()
      for image in walk.images { builder.add(image) }
    }
    self = builder.finish(isPacked: false)
  }
}
