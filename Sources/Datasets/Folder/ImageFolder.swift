import System
public import SystemPackage

/// One split of a data set on disk: a folder per class, images below it; `folder[i]` is the i-th image.
///
/// Classes and images have the order of torchvision's `ImageFolder`: class names in byte order, numbered from
/// 0, and within a class the folders and then the files in byte order, with links followed. Unlike there,
/// files and folders whose names start with a dot are ignored, and a class without images is an error.
public struct ImageFolder: Sendable {
  /// An image's file and the number of its class.
  public struct Entry: Equatable, Sendable {
    /// The image's path.
    public var path: FilePath
    /// The number of its class.
    public var label: Int
  }

  /// The folder that holds the class folders.
  public let root: FilePath
  /// The class names; their positions are the labels.
  public let classes: [ClassName]

  /// The images that this host goes through; nil for all of them.
  public internal(set) var share: HostShare?

  private let store: any ImageStore
  private let index: SplitIndex
  // The index of each class's first image; a class's images are consecutive.
  private let starts: [Int]

  /// Lists the folder, or reads the index of a packed one; throws for a missing folder, no classes,
  /// look-alike names, an empty or unreadable class, and a broken index.
  ///
  /// - Parameter indexes: Where the index is stored; nil keeps it in this process's memory.
  public init(_ root: FilePath, keptIn indexes: IndexFolder? = nil) throws(DataError) {
    func make() throws(DataError) -> SplitIndex {
      if let pack = try ShardIndex(in: root) { return pack.split }
      return try SplitIndex(walking: root)
    }
    if let indexes { self.init(root, try indexes.index(of: root, make)) } else { self.init(root, try make()) }
  }

  /// Makes the split in `root` from its index.
  init(_ root: FilePath, _ index: SplitIndex) {
    self.init(
      root, index, index.classes, starts: index.starts,
      index.places.map { Shards(root, $0) } ?? FilesBelow(root: root))
  }

  /// Makes the split in `root`, whose images' bytes come from `store`.
  init(_ root: FilePath, _ index: SplitIndex, _ store: any ImageStore) {
    self.init(root, index, index.classes, starts: index.starts, store)
  }

  /// Makes a split without images, with the classes of another.
  init(empty root: FilePath, classes: [ClassName]) {
    var nothing = SplitIndexBuilder()
    self.init(
      root, nothing.finish(isPacked: false), classes, starts: classes.map { _ in 0 }, FilesBelow(root: root))
  }

  private init(
    _ root: FilePath, _ index: SplitIndex, _ classes: [ClassName], starts: [Int], _ store: any ImageStore
  ) {
    (self.root, self.index, self.classes) = (root, index, classes)
    (self.starts, self.store) = (starts, store)
  }

  /// The same images numbered by a list of classes that contains all of theirs in this order; nil otherwise.
  func numbered(as classes: [ClassName]) -> ImageFolder? {
    var renumbered: [Int] = []
    var next = 0
    for name in classes {
      renumbered.append(next < starts.count ? starts[next] : count)
      if next < starts.count, self.classes[next] == name { next += 1 }
    }
    guard next == starts.count else { return nil }
    return ImageFolder(root, index, classes, starts: renumbered, store)
  }

  /// Divides the images into training and held-out ones: the same division as `FolderSplitter`'s.
  func divided(holdingOut share: Double) throws(DataError) -> (ImageFolder, ImageFolder) {
    let described = (0..<count).map { image in
      let label = label(at: image)
      return StratifiedSplit.Image(
        label: label, group: classes[label].bytes + [UInt8(ascii: "/")] + name(of: image))
    }
    let split = StratifiedSplit(described, classes: classes.count, share: share, seed: 0)
    guard split.undivided.isEmpty else {
      throw .indivisible(split.undivided.map { classes[$0] }, folder: root, grouped: false)
    }
    func side(_ isHeldOut: Bool) -> ImageFolder {
      ImageFolder(root, index.part((0..<count).filter { split.isHeldOut[$0] == isHeldOut }))
    }
    return (side(false), side(true))
  }

  /// Stores the index if it has not been stored yet.
  func keep(in indexes: IndexFolder) { indexes.keep(index, of: root) }

  /// Whether the images lie in the shards of a pack.
  public var isPacked: Bool { store is Shards }

  /// The pack's reader; nil if each image is a file.
  var openShards: Shards? { store as? Shards }

  /// Where each image lies in the pack; nil if each is a file.
  var places: Column<ShardIndex.Place>? { index.places }

  /// The number of images.
  public var count: Int { index.names.count }

  /// The image at `index`, 0..<`count`.
  public subscript(index: Int) -> Entry {
    Entry(path: store.path(of: index, imageName(at: index)), label: label(at: index))
  }

  private func imageName(at index: Int) -> ImageName {
    ImageName(folder: classes[label(at: index)], names: self.index.names, index: index)
  }

  /// The path of the image at `index` below its class's folder.
  func name(of index: Int) -> [UInt8] { self.index.names[index] }

  /// The class number of the image at `index`.
  public func label(at index: Int) -> Int {
    precondition((0..<count).contains(index), "there is no image \(index) among \(count)")
    var below = 0
    var above = starts.count
    while above - below > 1 {
      let middle = (below + above) / 2
      if starts[middle] <= index { below = middle } else { above = middle }
    }
    return below
  }

  /// The number of images of each class.
  public var classCounts: [Int] {
    zip(starts, starts.dropFirst() + [count]).map { $1 - $0 }
  }

  /// A digest that differs where two folders have other images, names or classes; it depends neither on the
  /// folders' location nor on the files' content.
  public var digest: UInt32 {
    var checksum = CRC32C()
    for name in classes { (name.bytes + [0]).withUnsafeBytes { checksum.update(with: $0) } }
    (starts + [count]).withUnsafeBytes { checksum.update(with: $0) }
    index.names.update(&checksum)
    return checksum.value
  }

  /// The name extensions of images, in any case: the reference's list, and what else is decoded.
  public static let extensions = [
    "jpg", "jpeg", "png", "ppm", "bmp", "pgm", "tif", "tiff", "webp", "gif", "pbm", "pnm",
  ]

  private static let endings = extensions.map { Array($0.utf8) }

  static func isImage(_ name: [UInt8]) -> Bool {
    endings.contains(ending(of: name))
  }

  /// The part of a name after the last dot, in lower-case ASCII; empty if there is none.
  static func ending(of name: [UInt8]) -> [UInt8] {
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return [] }
    return name[(dot + 1)...].map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
  }

  static func classNames(in root: FilePath) throws(DataError) -> [ClassName] {
    try directory(root).folders.map(ClassName.init(bytes:))
  }

  /// Lists the folder of a split.
  static func directory(_ root: FilePath) throws(DataError) -> Directory {
    try Directory.require(root, orThrow: .noSuchFolder(root))
    return try Directory(root)
  }

  /// One error for each pair of classes whose names show the same characters with different bytes.
  static func lookAlikes(_ classes: [ClassName], in root: FilePath) -> [DataError] {
    Dictionary(grouping: classes.filter { $0.characters != nil }, by: \.characters).values
      .filter { $0.count > 1 }.map { $0.sorted() }.sorted { $0[0] < $1[0] }
      .map { .classSpelledTwice($0[0], $0[1], folder: root) }
  }
}

extension ImageFolder: ImageSource {
  /// Reads the image's file, or its part of a shard.
  public func contents(of index: Int, in memory: FileMemory) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    try store.contents(of: index, imageName(at: index), in: memory)
  }

  /// Prefetches the images' parts of a pack's shards.
  public func willRead(_ indices: [Int]) { store.willRead(indices) }
}
