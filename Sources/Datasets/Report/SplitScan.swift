import System
import SystemPackage

/// The scan of one split: its classes, their images, and other files.
struct SplitScan {
  let name: String
  let root: FilePath
  private(set) var classes: [DatasetReport.ClassCount] = []
  /// Errors that keep the split from being trained on, except those in its images.
  private(set) var problems: [DataError] = []
  /// The images of all classes, by paths below `root`.
  private(set) var images = PathList()
  private let found = PathListBuilder()
  /// The packed images, if the split is a pack.
  private var packed: ImageFolder?
  /// Classes with images in subfolders, and the names of those subfolders.
  private var nested: [(name: ClassName, folders: [[UInt8]])] = []
  /// Images beside the class folders, in no class.
  private var loose: [[UInt8]] = []
  /// Links beside the class folders that lead nowhere.
  private var dangling: [[UInt8]] = []
  // Other files by extension, as paths below `root`.
  private var leftOut: [[UInt8]: [[UInt8]]] = [:]

  init(_ name: String, root: FilePath) throws(DataError) {
    self.name = name
    self.root = root
    if let index = try ShardIndex(in: root) {
      add(ImageFolder(root, index.split))
      images = found.finish()
      return
    }
    let names = try ImageFolder.classNames(in: root)
    if names.isEmpty {
      let files = try Directory(root).files
      problems.append(
        files.contains(where: ShardIndex.isShard) ? .missingIndex(folder: root) : .noClasses(folder: root))
    }
    try FolderLayout.requireClasses(in: root, named: names)
    problems += ImageFolder.lookAlikes(names, in: root)
    for name in names { add(name) }
    images = found.finish()
    if !names.isEmpty { try addLoose() }
  }

  private mutating func addLoose() throws(DataError) {
    for file in try Directory(root).files {
      let path = root.appending(bytes: file)
      if FileLink.isDangling(path) {
        dangling.append(file)
        continue
      }
      do throws(SystemError) {
        let format = try ImageFormat(fileAt: path)
        if ImageFolder.isImage(file) || format?.isUnmistakable ?? false { loose.append(file) }
      } catch {
        problems.append(.unreadable(error))
      }
    }
  }

  // Packing has scanned the folder already; whether the bytes are still the same is for the check of images.
  private mutating func add(_ folder: ImageFolder) {
    packed = folder
    if let presence = folder.shards?.presence, !presence.absent.isEmpty {
      problems.append(.incompletePacks([presence], isByHost: false))
    }
    classes = zip(folder.classes, folder.classCounts).map { DatasetReport.ClassCount(name: $0, images: $1) }
    for index in 0..<folder.count {
      found.append(below(folder.classes[folder.label(at: index)], folder.name(of: index)))
    }
  }

  /// The images for a check to read.
  var source: any ImageSource { packed ?? ListedImages(root: root, images: images) }

  private mutating func add(_ name: ClassName) {
    let walk = ImageWalk(root.appending(bytes: name.bytes))
    problems += walk.failures
    // A folder that could not be read may contain its images.
    if walk.images.isEmpty, walk.failures.isEmpty { problems.append(.emptyClass(name, folder: root)) }
    classes.append(DatasetReport.ClassCount(name: name, images: walk.images.count))
    for image in walk.images { found.append(below(name, image)) }
    for file in walk.leftOut { leftOut[ImageFolder.ending(of: file), default: []].append(below(name, file)) }
    var folders: [[UInt8]] = []
    var known: Set<[UInt8]> = []
    for image in walk.images {
      guard let slash = image.firstIndex(of: UInt8(ascii: "/")) else { continue }
      let folder = Array(image[..<slash])
      if known.insert(folder).inserted { folders.append(folder) }
    }
    if !folders.isEmpty { nested.append((name, folders)) }
  }

  private func below(_ name: ClassName, _ path: [UInt8]) -> [UInt8] {
    name.bytes + [UInt8(ascii: "/")] + path
  }

  /// The split's part of the report.
  var split: DatasetReport.Split {
    DatasetReport.Split(
      name: name, classes: classes, images: images.count,
      leftOut: leftOut.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ending, files in
        DatasetReport.LeftOut(ending: masked(ending), files: files.map(shown))
      })
  }

  /// A path below the split's folder, with that folder's name.
  func shown(_ path: some Sequence<UInt8>) -> String { "\(name)/\(masked(path))" }

  /// What training tolerates but may be unintended.
  var warnings: [String] {
    loneWarning + danglingWarning + looseWarning + nestedWarning + sparseWarning + unevenWarning
  }

  private var danglingWarning: [String] {
    guard !dangling.isEmpty else { return [] }
    return [
      """
      in \(name)/, \(counted(dangling.count, "link leads", "links lead")) to nothing: \(firstOf(dangling.map { shown($0) })). A class \
      behind \(noun(dangling.count, "it", "one")) is left out, and every label after it is another. See where one leads: readlink \
      \(root.appending(bytes: dangling[0]).quoted)
      """
    ]
  }

  private var looseWarning: [String] {
    guard !loose.isEmpty else { return [] }
    return [
      """
      in \(name)/, \(counted(loose.count, "image lies", "images lie")) in no class's folder, and \
      \(noun(loose.count, "is", "are")) not read: \(firstOf(loose.map { shown($0) })). Move \(noun(loose.count, "it", "each")) into \
      the folder of its class
      """
    ]
  }

  private var loneWarning: [String] {
    guard name == ImageFolderPair.splits.training, classes.count == 1, nested.isEmpty else { return [] }
    return [
      """
      in \(name)/ there is one class alone: every answer is right, and nothing is learned. Likely the path is one level too \
      high or too low
      """
    ]
  }

  // Probably the path is one level too high, or a class was copied into another.
  private var nestedWarning: [String] {
    guard !nested.isEmpty else { return [] }
    let classes = nested.map { name, folders in
      "\"\(name)\" (\(firstOf(folders.map { "\(masked($0))/" })))"
    }
    return [
      """
      in \(name)/, images in folders below a class's count as that class's: \(firstOf(classes)). If those are classes \
      of their own, move them up, to \(name)/
      """
    ]
  }

  private var sparseWarning: [String] {
    let sparse = classes.filter { $0.images < 2 }
    guard !sparse.isEmpty else { return [] }
    return [
      """
      in \(name)/, fewer than 2 images are in \(sparse.count == 1 ? "class" : "\(sparse.count) classes:") \
      \(firstOf(sparse.map { "\"\($0.name)\"" }))
      """
    ]
  }

  /// The ratio of class sizes from which on the larger class dominates what a network learns.
  private static let uneven = 20

  // Only for training images, which decide what a network guesses.
  private var unevenWarning: [String] {
    let filled = classes.filter { $0.images > 0 }
    guard name == ImageFolderPair.splits.training,
      let least = filled.min(by: { $0.images < $1.images }),
      let most = filled.max(by: { $0.images < $1.images }), most.images > Self.uneven * least.images
    else { return [] }
    return [
      """
      in \(name)/, class "\(most.name)" has \(counted(most.images, "image")) and "\(least.name)" \(least.images), more than \
      \(Self.uneven) : 1. Accuracy over all images may be high while rare classes are never named
      """
    ]
  }
}

/// Images by their paths below one folder, whose classes do not matter.
private struct ListedImages: ImageSource {
  let root: FilePath
  let images: PathList

  var count: Int { images.count }

  subscript(index: Int) -> ImageFolder.Entry {
    ImageFolder.Entry(path: root.appending(bytes: images[index]), label: 0)
  }

  func label(at index: Int) -> Int { 0 }
}
