import System
public import SystemPackage

/// Numbered images, each of a class, for a loader to go through.
public protocol ImageSource: Sendable {
  /// The number of images.
  var count: Int { get }
  /// The image at `index`, 0..<`count`.
  subscript(index: Int) -> ImageFolder.Entry { get }
  /// The class number of the image at `index`.
  func label(at index: Int) -> Int
  /// The encoded bytes of the image at `index`, in `memory` until that is used again.
  func contents(of index: Int, in memory: FileMemory) throws(DataError) -> UnsafeBufferPointer<UInt8>
  /// Asks the system to prefetch images that will be needed soon, where that helps.
  func willRead(_ indices: [Int])
}

/// Defaults for images in files of their own.
extension ImageSource {
  /// Reads the image's file.
  public func contents(of index: Int, in memory: FileMemory) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    try memory.contents(of: self[index].path)
  }

  /// Does nothing: there may be a million files, and opening one is most of the cost.
  public func willRead(_ indices: [Int]) {}
}

/// Memory of one thread for reading and decoding images, reused from image to image.
public final class FileMemory {
  let bytes = ByteBuffer()
  let name = FileName()
  let decoders = DecoderMemory()
  let retries: ReadRetries

  /// Makes an empty memory.
  public convenience init() { self.init(retries: ReadRetries()) }

  init(retries: ReadRetries) {
    self.retries = retries
  }

  func contents(of path: FilePath) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    name.spell(path)
    return try bytes.contents(of: name, retries) { path }
  }
}

/// Images named one by one, by folders above them or by packs; their classes do not matter.
public struct ImageList: ImageSource {
  private struct Part {
    /// The number of the part's first image.
    let start: Int
    /// Nil for separate files.
    let pack: ImageFolder?
  }

  private var parts: [Part] = []
  // The paths of all parts without a pack.
  private var paths: [FilePath] = []
  /// The number of images.
  public private(set) var count = 0
  /// Folders that could not be read, or contain no images.
  public private(set) var failures: [DataError] = []

  /// Makes an empty list.
  public init() {}

  /// Makes a list of the file at `path`, whatever it is.
  init(_ path: FilePath) {
    add([path])
  }

  /// Adds a file, whatever it holds; all images below a folder, in the order of `ImageFolder`; or those of a
  /// pack or one of its splits.
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

  /// The image at `index`, as of class 0.
  public subscript(index: Int) -> ImageFolder.Entry {
    switch place(of: index) {
    case .file(let path): ImageFolder.Entry(path: path, label: 0)
    case .packed(let pack, let place): ImageFolder.Entry(path: pack[place].path, label: 0)
    }
  }

  /// Always 0: all images count as one class.
  public func label(at index: Int) -> Int { 0 }

  /// Reads the image's file, or its part of a shard.
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
    // Files before and after a pack are neighbours in `paths`.
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
