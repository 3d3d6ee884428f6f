import System
public import SystemPackage

/// Images by number, each of a class: what a loader goes through.
public protocol ImageSource: Sendable {
  /// How many there are.
  var count: Int { get }
  /// The image at `index`, 0..<`count`.
  subscript(index: Int) -> ImageFolder.Entry { get }
  /// The class number of the image at `index`.
  func label(at index: Int) -> Int
  /// The encoded bytes of the image at `index`, in `memory` until that reads again.
  func contents(of index: Int, in memory: FileMemory) throws(DataError) -> UnsafeBufferPointer<UInt8>
  /// Has the system begin to fetch images that will be asked for soon, where that helps.
  func willRead(_ indices: [Int])
}

/// Images in files of their own.
extension ImageSource {
  /// The file's bytes.
  public func contents(of index: Int, in memory: FileMemory) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    try memory.contents(of: self[index].path)
  }

  /// Nothing: there may be a million files, and opening one is most of what it costs.
  public func willRead(_ indices: [Int]) {}
}

/// Memory that one thread reads encoded images into and decodes them with, used again and again.
public final class FileMemory {
  let bytes = ByteBuffer()
  let name = FileName()
  let decoders = DecoderMemory()
  let retries: ReadRetries

  /// Holds no memory yet.
  public convenience init() { self.init(retries: ReadRetries()) }

  init(retries: ReadRetries) {
    self.retries = retries
  }

  func contents(of path: FilePath) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    name.spell(path)
    return try bytes.contents(of: name, retries) { path }
  }
}

/// Images that were named one by one, or by the folders above them or packs of these; of what class they are is not asked.
public struct ImageList: ImageSource {
  private struct Part {
    /// The number of its first image.
    let start: Int
    /// Nil for files of their own.
    let pack: ImageFolder?
  }

  private var parts: [Part] = []
  // Of all parts without a pack.
  private var paths: [FilePath] = []
  /// How many there are.
  public private(set) var count = 0
  /// Folders that could not be read, or have no images.
  public private(set) var failures: [DataError] = []

  /// No images yet.
  public init() {}

  /// The image at `path`, whatever lies there.
  init(_ path: FilePath) {
    add([path])
  }

  /// Adds a file, whatever it holds, all images below a folder in the order of `ImageFolder`, or those of a pack or one of its
  /// splits.
  public mutating func add(_ path: FilePath) {
    guard (try? FolderIdentity(path)) != nil else { return add([path]) }
    do throws(DataError) {
      let packs = try Self.packs(in: path)
      guard packs.isEmpty else { return packs.forEach { add($0) } }
    } catch {
      failures.append(error)
      return
    }
    let walk = ImageWalk(path)
    failures += walk.failures
    if walk.images.isEmpty, walk.failures.isEmpty { failures.append(.noImages(folder: path)) }
    add(walk.images.map { path.appending(bytes: $0) })
  }

  private static func packs(in folder: FilePath) throws(DataError) -> [ImageFolder] {
    let splits = ImageFolderPair.splits
    var packs: [ImageFolder] = []
    for place in [folder, folder.appending(splits.training), folder.appending(splits.validation)] {
      if let index = try ShardIndex(in: place) { packs.append(ImageFolder(place, index.split)) }
    }
    return packs
  }

  private mutating func add(_ files: [FilePath]) {
    if parts.last.map({ $0.pack != nil }) ?? true { parts.append(Part(start: count, pack: nil)) }
    paths += files
    count += files.count
  }

  private mutating func add(_ pack: ImageFolder) {
    parts.append(Part(start: count, pack: pack))
    count += pack.count
  }

  /// The image at `index`, as if all were of one class.
  public subscript(index: Int) -> ImageFolder.Entry {
    switch place(of: index) {
    case .file(let path): ImageFolder.Entry(path: path, label: 0)
    case .packed(let pack, let place): ImageFolder.Entry(path: pack[place].path, label: 0)
    }
  }

  /// One class for all.
  public func label(at index: Int) -> Int { 0 }

  /// The bytes of its file, or of its part of a shard.
  public func contents(of index: Int, in memory: FileMemory) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    switch place(of: index) {
    case .file(let path): try memory.contents(of: path)
    case .packed(let pack, let place): try pack.contents(of: place, in: memory)
    }
  }

  private enum Place {
    case file(FilePath)
    case packed(ImageFolder, Int)
  }

  private func place(of index: Int) -> Place {
    // Files that lie before a pack and after it are neighbours among the paths.
    var packed = 0
    for (part, following) in zip(parts, parts.dropFirst().map(\.start) + [count]) {
      if index < following {
        return part.pack.map { .packed($0, index - part.start) } ?? .file(paths[index - packed])
      }
      if part.pack != nil { packed += following - part.start }
    }
    preconditionFailure("there is no image \(index) among \(count)")
  }
}
