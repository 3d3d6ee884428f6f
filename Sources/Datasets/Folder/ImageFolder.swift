import System
public import SystemPackage

/// One split of a data set on disk: a folder per class, images below it; `folder[i]` is the i-th image.
///
/// Classes and images come in the order of torchvision's `ImageFolder`: class names by byte order, numbered from 0, and
/// within a class the folders and then the files by byte order, links followed. Unlike there, files and folders whose
/// name starts with a dot are ignored, and a class without images is an error.
public struct ImageFolder: Sendable {
  /// An image's file and the number of its class.
  public struct Entry: Equatable, Sendable {
    /// Where the image is.
    public var path: FilePath
    /// The number of its class.
    public var label: Int
  }

  /// The folder that holds the class folders.
  public let root: FilePath
  /// The class names; their positions are the labels.
  public let classes: [ClassName]

  private let store: any ImageStore
  private var paths = PathList()
  // Where each class begins among the images; a class's images are neighbours.
  private var starts: [Int] = []

  /// Lists the folder, or reads the index of one that is packed; throws for a missing folder, no classes, two that look alike, an
  /// empty or an unreadable one, and for a broken index.
  public init(_ root: FilePath) throws(DataError) {
    if let index = try ShardIndex(in: root) { self.init(root, index) } else { try self.init(walking: root) }
  }

  /// The split whose shards lie in `root`.
  init(_ root: FilePath, _ index: ShardIndex) {
    self.root = root
    (classes, paths, starts) = (index.classes, index.names, index.starts)
    store = Shards(root, index.places)
  }

  private init(walking root: FilePath) throws(DataError) {
    self.root = root
    store = FilesBelow(root: root)
    classes = try Self.classNames(in: root)
    guard !classes.isEmpty else { throw .noClasses(folder: root) }
    if let alike = Self.lookAlikes(classes, in: root).first { throw alike }
    for name in classes {
      starts.append(paths.count)
      let walk = ImageWalk(root.appending(bytes: name.bytes))
      if let failure = walk.failures.first { throw failure }
      for image in walk.images { paths.append(image) }
      guard paths.count > starts[starts.count - 1] else { throw .emptyClass(name, folder: root) }
    }
  }

  /// A split without images, with the classes of another.
  init(empty root: FilePath, classes: [ClassName]) {
    self.init(root, classes, FilesBelow(root: root))
  }

  private init(_ root: FilePath, _ classes: [ClassName], _ store: any ImageStore) {
    (self.root, self.classes, self.store) = (root, classes, store)
    starts = classes.map { _ in 0 }
  }

  /// The same images with their classes numbered as in a list that has more of them; nil unless it has all, in this order.
  func numbered(as classes: [ClassName]) -> ImageFolder? {
    var folder = ImageFolder(root, classes, store)
    folder.paths = paths
    var next = 0
    for (number, name) in classes.enumerated() {
      folder.starts[number] = next < starts.count ? starts[next] : count
      if next < starts.count, self.classes[next] == name { next += 1 }
    }
    return next == starts.count ? folder : nil
  }

  /// Whether the images lie in the shards of a pack.
  public var isPacked: Bool { store is Shards }

  /// The number of images.
  public var count: Int { paths.count }

  /// The image at `index`, 0..<`count`.
  public subscript(index: Int) -> Entry {
    let label = label(at: index)
    return Entry(
      path: store.path(of: index, name: classes[label].bytes + [UInt8(ascii: "/")] + paths[index]),
      label: label)
  }

  /// The path of the image at `index` below its class's folder.
  func name(of index: Int) -> ArraySlice<UInt8> { paths[index] }

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

  /// A number that differs where two folders have other images, or name or sort them otherwise, wherever they lie and
  /// whatever is in the files.
  public var digest: UInt32 {
    var checksum = CRC32C()
    for name in classes { (name.bytes + [0]).withUnsafeBytes { checksum.update(with: $0) } }
    (starts + [count]).withUnsafeBytes { checksum.update(with: $0) }
    paths.update(&checksum)
    return checksum.value
  }

  /// The name endings of images, in any mix of capitals: the reference's list, and what else is decoded.
  public static let extensions = [
    "jpg", "jpeg", "png", "ppm", "bmp", "pgm", "tif", "tiff", "webp", "gif", "pbm", "pnm",
  ]

  private static let endings = extensions.map { Array($0.utf8) }

  static func isImage(_ name: [UInt8]) -> Bool {
    endings.contains(ending(of: name))
  }

  /// What follows the last dot of a name, in small ASCII letters; empty where there is none.
  static func ending(of name: [UInt8]) -> [UInt8] {
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return [] }
    return name[(dot + 1)...].map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
  }

  static func classNames(in root: FilePath) throws(DataError) -> [ClassName] {
    try Directory.require(root, orThrow: .noSuchFolder(root))
    return try Directory(root).folders.map(ClassName.init(bytes:))
  }

  /// One error for each two classes whose names are different bytes for the same characters.
  static func lookAlikes(_ classes: [ClassName], in root: FilePath) -> [DataError] {
    Dictionary(grouping: classes.filter { $0.characters != nil }, by: \.characters).values
      .filter { $0.count > 1 }.map { $0.sorted() }.sorted { $0[0] < $1[0] }
      .map { .classSpelledTwice($0[0], $0[1], folder: root) }
  }
}

extension ImageFolder: ImageSource {
  /// The bytes of its file, or of its part of a shard.
  public func contents(of index: Int, in memory: FileMemory) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    try store.contents(of: index, at: self[index].path, in: memory)
  }

  /// Of a folder that is packed, the parts of its shards.
  public func willRead(_ indices: [Int]) { store.willRead(indices) }
}

/// Many file names in one block of memory: ImageNet's 1.28 million take about 40 MB instead of 130.
struct PathList: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []

  var count: Int { ends.count }

  subscript(index: Int) -> ArraySlice<UInt8> {
    bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
  }

  func update(_ checksum: inout CRC32C) {
    bytes.withUnsafeBytes { checksum.update(with: $0) }
    ends.withUnsafeBytes { checksum.update(with: $0) }
  }

  mutating func append(_ path: [UInt8]) {
    bytes.append(contentsOf: path)
    ends.append(bytes.count)
  }
}
