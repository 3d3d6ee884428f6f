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

/// Memory that one thread reads encoded images into, used again and again.
public final class FileMemory {
  let bytes = ByteBuffer()
  let retries: ReadRetries

  /// Holds no memory yet.
  public convenience init() { self.init(retries: ReadRetries()) }

  init(retries: ReadRetries) {
    self.retries = retries
  }

  func contents(of path: FilePath) throws(DataError) -> UnsafeBufferPointer<UInt8> {
    try bytes.contents(of: path, retries)
  }
}

/// Images that were named one by one or by the folders above them, of which no class is known.
public struct ImageList: ImageSource {
  private var paths: [FilePath] = []
  /// Folders that could not be read, or have no images.
  public private(set) var failures: [DataError] = []

  /// No images yet.
  public init() {}

  /// The image at `path`, whatever lies there.
  init(_ path: FilePath) {
    paths = [path]
  }

  /// Adds a file, whatever it holds, or all images below a folder in the order of `ImageFolder`.
  public mutating func add(_ path: FilePath) {
    guard (try? FolderIdentity(path)) != nil else {
      paths.append(path)
      return
    }
    let walk = ImageWalk(path)
    failures += walk.failures
    if walk.images.isEmpty, walk.failures.isEmpty { failures.append(.noImages(folder: path)) }
    paths += walk.images.map { path.appending(bytes: $0) }
  }

  /// How many there are.
  public var count: Int { paths.count }

  /// The image at `index`, as if all were of one class.
  public subscript(index: Int) -> ImageFolder.Entry { ImageFolder.Entry(path: paths[index], label: 0) }

  /// One class for all.
  public func label(at index: Int) -> Int { 0 }
}
