public import SystemPackage
import System

/// What a data set holds and what is wrong with it, found without decoding a single pixel.
///
/// Every file's header is read, so that files that are no pictures, cut off or of an unknown format are found; damage in
/// the middle of a file is not.
public struct DatasetReport: Codable, Equatable, Sendable {
  /// A class and how many pictures it has.
  public struct ClassCount: Codable, Equatable, Sendable {
    /// The class's name.
    public var name: ClassName
    /// The number of its files that are named like pictures.
    public var pictures: Int
  }

  /// One of the data set's two folders.
  public struct Split: Codable, Equatable, Sendable {
    /// "train" or "val".
    public var name: String
    /// Its classes, in the order of their labels.
    public var classes: [ClassCount]
    /// The number of pictures of all classes.
    public var pictures: Int
  }

  /// The data set's folder.
  public var folder: String
  /// The splits that exist.
  public var splits: [Split]
  /// One line for each thing that training would stumble over; empty for a good data set.
  public var problems: [String]

  /// Looks through the data set in `folder`; throws only where the folder itself does not exist.
  public init(scanning folder: FilePath) throws(DataError) {
    try Directory.require(folder, orThrow: .noSuchFolder(folder))
    let names = ImageFolderPair.splits
    var scans: [SplitScan] = []
    self.folder = folder.masked
    problems = []
    for name in [names.training, names.validation] {
      do throws(DataError) {
        scans.append(try SplitScan(name, root: ImageFolderPair.split(name, of: folder)))
      } catch {
        problems.append(error.description)
      }
    }
    splits = scans.map(\.split)
    if scans.count == 2 { problems += Self.differences(scans[0], scans[1]) }
    problems += scans.flatMap(\.problems)
  }

  private static func differences(_ training: SplitScan, _ validation: SplitScan) -> [String] {
    ImageFolderPair.classDifferences(
      training: (training.root, training.split.classes.map(\.name)),
      validation: (validation.root, validation.split.classes.map(\.name))
    ).map(\.description)
  }
}

extension DatasetReport: CustomStringConvertible {
  /// The report as lines for a terminal.
  public var description: String {
    let summaries = splits.map { split in
      let counts = split.classes.map(\.pictures)
      return """
        \(split.name): \(split.pictures) pictures in \(split.classes.count) classes, \
        \(counts.min() ?? 0) to \(counts.max() ?? 0) a class
        """
    }
    let verdict = problems.isEmpty ? ["no problems found"] : problems.map { "problem: \($0)" }
    return ([folder] + summaries + verdict).joined(separator: "\n")
  }
}

/// One split, looked through file by file.
private struct SplitScan {
  let root: FilePath
  var split: DatasetReport.Split
  var problems: [String] = []

  init(_ name: String, root: FilePath) throws(DataError) {
    self.root = root
    split = DatasetReport.Split(name: name, classes: [], pictures: 0)
    let classes = try ImageFolder.classNames(in: root)
    if classes.isEmpty { problems.append(DataError.noClasses(folder: root).description) }
    let file = ByteBuffer()
    problems += ImageFolder.lookAlikes(classes, in: root).map(\.description)
    for name in classes { add(name, file) }
  }

  private mutating func add(_ name: ClassName, _ file: ByteBuffer) {
    let place = root.appending(bytes: name.bytes)
    let walk = PictureWalk(place)
    problems += walk.failures.map(\.description)
    let pictures = walk.pictures
    if pictures.isEmpty { problems.append(DataError.emptyClass(name, folder: root).description) }
    split.classes.append(DatasetReport.ClassCount(name: name, pictures: pictures.count))
    split.pictures += pictures.count
    for picture in pictures { check(place.appending(bytes: picture), file) }
  }

  private mutating func check(_ path: FilePath, _ file: ByteBuffer) {
    do throws(DataError) {
      _ = try EncodedPicture(file.contents(of: path), path: path)
    } catch {
      problems.append(error.description)
    }
  }
}
