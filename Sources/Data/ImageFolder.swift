/// One split of a data set on disk: a folder per class, pictures below it; `folder[i]` is the i-th sample.
///
/// Classes and samples come in the order of torchvision's `ImageFolder`: class names by byte order, numbered from 0, and
/// within a class the folders and then the files by byte order, links followed. Unlike there, files and folders whose
/// name starts with a dot are ignored, and a class without pictures is an error.
public struct ImageFolder: Sendable {
  /// A picture's file and the number of its class.
  public struct Sample: Equatable, Sendable {
    /// Where the picture is.
    public var path: String
    /// The number of its class.
    public var label: Int
  }

  /// The folder that holds the class folders.
  public let root: String
  /// The class names; their positions are the labels.
  public let classes: [String]

  private var paths = PathList()
  // Where each class begins among the samples; a class's samples are neighbours.
  private var starts: [Int] = []

  /// Lists the folder; throws for a missing folder, no classes, an empty class or an unreadable folder.
  public init(_ root: String) throws(DataError) {
    self.root = root
    classes = try Self.classNames(in: root)
    guard !classes.isEmpty else { throw .noClasses(folder: root) }
    for name in classes {
      starts.append(paths.count)
      for picture in try PictureWalk("\(root)/\(name)").pictures { paths.append(picture) }
      guard paths.count > starts[starts.count - 1] else { throw .emptyClass(name, folder: root) }
    }
  }

  /// The number of pictures.
  public var count: Int { paths.count }

  /// The sample at `index`, 0..<`count`.
  public subscript(index: Int) -> Sample {
    let label = label(at: index)
    return Sample(path: "\(root)/\(classes[label])/\(paths[index])", label: label)
  }

  /// The class number of the sample at `index`.
  public func label(at index: Int) -> Int {
    precondition((0..<count).contains(index), "there is no sample \(index) among \(count)")
    var below = 0
    var above = starts.count
    while above - below > 1 {
      let middle = (below + above) / 2
      if starts[middle] <= index { below = middle } else { above = middle }
    }
    return below
  }

  /// The number of pictures of each class.
  public var classCounts: [Int] {
    zip(starts, starts.dropFirst() + [count]).map { $1 - $0 }
  }

  /// The name endings of pictures, in any mix of capitals; the reference's list.
  public static let extensions = ["jpg", "jpeg", "png", "ppm", "bmp", "pgm", "tif", "tiff", "webp"]

  static func isPicture(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    return extensions.contains(name[name.index(after: dot)...].lowercased())
  }

  static func classNames(in root: String) throws(DataError) -> [String] {
    guard Directory.exists(root) else { throw .noSuchFolder(root) }
    return try Directory(root).folders
  }
}
