import System
import SystemPackage

/// One split as a scan lists it: its classes, their pictures, and what is no picture.
struct SplitScan {
  let name: String
  let root: FilePath
  private(set) var classes: [DatasetReport.ClassCount] = []
  /// What keeps the split from being trained on, its pictures' content aside.
  private(set) var problems: [DataError] = []
  /// Of all classes, below `root`.
  private(set) var pictures = PathList()
  /// Classes with pictures in folders below theirs, and the names of those folders.
  private(set) var nested: [(name: ClassName, folders: [[UInt8]])] = []
  // By ending, paths below `root`.
  private var leftOut: [[UInt8]: [[UInt8]]] = [:]

  init(_ name: String, root: FilePath) throws(DataError) {
    self.name = name
    self.root = root
    let names = try ImageFolder.classNames(in: root)
    if names.isEmpty { problems.append(.noClasses(folder: root)) }
    problems += ImageFolder.lookAlikes(names, in: root)
    for name in names { add(name) }
  }

  private mutating func add(_ name: ClassName) {
    let walk = PictureWalk(root.appending(bytes: name.bytes))
    problems += walk.failures
    // A folder that could not be read may hold its pictures.
    if walk.pictures.isEmpty, walk.failures.isEmpty { problems.append(.emptyClass(name, folder: root)) }
    classes.append(DatasetReport.ClassCount(name: name, pictures: walk.pictures.count))
    for picture in walk.pictures { pictures.append(below(name, picture)) }
    for file in walk.leftOut { leftOut[ImageFolder.ending(of: file), default: []].append(below(name, file)) }
    var folders: [[UInt8]] = []
    for picture in walk.pictures {
      guard let slash = picture.firstIndex(of: UInt8(ascii: "/")) else { continue }
      let folder = Array(picture[..<slash])
      if folders.last != folder, !folders.contains(folder) { folders.append(folder) }
    }
    if !folders.isEmpty { nested.append((name, folders)) }
  }

  private func below(_ name: ClassName, _ path: [UInt8]) -> [UInt8] {
    name.bytes + [UInt8(ascii: "/")] + path
  }

  /// The split as the report has it.
  var split: DatasetReport.Split {
    DatasetReport.Split(
      name: name, classes: classes, pictures: pictures.count,
      leftOut: leftOut.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ending, files in
        DatasetReport.LeftOut(ending: masked(ending), files: files.map(shown))
      })
  }

  /// A path below the split's folder, with that folder's name.
  func shown(_ path: some Sequence<UInt8>) -> String { "\(name)/\(masked(path))" }
}
