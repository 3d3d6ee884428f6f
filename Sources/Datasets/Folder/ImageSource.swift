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
}

extension ImageFolder: ImageSource {}

/// Images that were named one by one or by the folders above them, of which no class is known.
public struct ImageList: ImageSource {
  private var paths: [FilePath] = []
  /// Folders that could not be read, or have no images.
  public private(set) var failures: [DataError] = []

  /// No images yet.
  public init() {}

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
