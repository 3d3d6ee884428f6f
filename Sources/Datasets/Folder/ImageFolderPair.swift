import System
public import SystemPackage

/// A data set: `DIR/train` and `DIR/val` with the same classes, or only the split that is needed.
public struct ImageFolderPair: Sendable {
  /// The names of the two splits' folders.
  public static let splits = (training: "train", validation: "val")

  /// The training images; empty if nothing is trained.
  public let training: ImageFolder
  /// The validation images; empty if nothing is evaluated.
  public let validation: ImageFolder
  /// The undivided images of both, if the folder is not split.
  private let undivided: ImageFolder?

  /// What images are needed for.
  public enum Purpose: Sendable {
    /// Both splits are needed.
    case trainingAndEvaluation
    /// `train/` is needed; `val/` may be missing.
    case training
    /// `train/` is needed; `val/` is ignored.
    case trainingAlone
    /// `val/` is needed; `train/` is ignored.
    case evaluation
  }

  /// Lists both splits; throws the errors of `ImageFolder`, and for a missing split or a class that only one
  /// split has.
  ///
  /// The reference numbers each split's classes separately, so a missing folder would shift the labels
  /// unnoticed.
  /// - Parameters:
  /// - share: The fraction of each class held out from a folder without `val/`, whose classes are in `train/`
  ///   or in the folder itself; 0 for a folder that is split.
  /// - evaluated: The folder to evaluate; `.` is `folder` itself.
  /// - indexes: Where the indexes of both splits are stored; nil keeps them in this process's memory.
  public init(
    _ folder: FilePath, for purpose: Purpose = .trainingAndEvaluation, holdingOut share: Double = 0,
    evaluating evaluated: String = Self.splits.validation, keptIn indexes: IndexFolder? = nil
  ) throws(DataError) {
    if share > 0, evaluated == Self.splits.validation {
      let whole = try ImageFolder(Self.undivided(folder), keptIn: indexes)
      (training, validation) = try whole.divided(holdingOut: share)
      undivided = whole
      return
    }
    undivided = nil
    if purpose == .evaluation {
      validation = try ImageFolder(evaluated == "." ? folder : Self.split(evaluated, of: folder))
      training = ImageFolder(empty: folder.appending(Self.splits.training), classes: validation.classes)
      return
    }
    training = try ImageFolder(Self.split(Self.splits.training, of: folder), keptIn: indexes)
    let place = folder.appending(Self.splits.validation)
    let isThere = Folders.isFolder(place) ? try !FolderLayout.isEmpty(place) : false
    if purpose == .trainingAlone || purpose == .training && !isThere {
      validation = ImageFolder(empty: place, classes: training.classes)
      return
    }
    validation = try ImageFolder(Self.split(Self.splits.validation, of: folder), keptIn: indexes)
    try requireEqualClasses()
  }

  /// The same with the weights' class numbers, where an evaluation may lack classes; nil if it has others.
  public func numbered(as classes: [ClassName]) -> ImageFolderPair? {
    guard let training = training.numbered(as: classes), let validation = validation.numbered(as: classes)
    else {
      return nil
    }
    return ImageFolderPair(training: training, validation: validation, undivided: undivided)
  }

  /// The same, of which this host goes through a share of each split; nil for all.
  public func shared(training: HostShare?, validation: HostShare?) -> ImageFolderPair {
    ImageFolderPair(
      training: self.training.shared(training), validation: self.validation.shared(validation),
      undivided: undivided)
  }

  /// Stores indexes that could not be stored before the folder existed.
  public func keep(in indexes: IndexFolder) {
    for folder in folders where folder.count > 0 { folder.keep(in: indexes) }
  }

  /// The folders that were listed on disk.
  var folders: [ImageFolder] { undivided.map { [$0] } ?? [training, validation] }

  private init(training: ImageFolder, validation: ImageFolder, undivided: ImageFolder?) {
    (self.training, self.validation, self.undivided) = (training, validation, undivided)
  }

  /// The class names of both splits.
  public var classes: [ClassName] { training.classes }

  /// The path of one split of the data set in `folder`; throws if either does not exist.
  static func split(_ name: String, of folder: FilePath) throws(DataError) -> FilePath {
    try Directory.require(folder, orThrow: .noSuchFolder(folder))
    let path = folder.appending(name)
    try Directory.require(path, orThrow: .missingSplit(name, dataset: folder))
    return path
  }

  /// Whether a data set has a `val/` with classes or a pack in it.
  public static func hasValidation(_ folder: FilePath) -> Bool {
    guard case .splits(let names)? = try? FolderLayout(of: folder) else { return false }
    return names.contains(splits.validation)
  }

  /// The folder of the classes of a data set without `val/`; throws if there is one.
  private static func undivided(_ folder: FilePath) throws(DataError) -> FilePath {
    try Directory.require(folder, orThrow: .noSuchFolder(folder))
    guard case .splits(let names) = try FolderLayout(of: folder) else { return folder }
    guard names == [splits.training] else { throw .heldOutTwice(folder: folder) }
    return folder.appending(splits.training)
  }

  private func requireEqualClasses() throws(DataError) {
    let differences = Self.classDifferences(
      training: (training.root, training.classes), validation: (validation.root, validation.classes))
    if let first = differences.first { throw first }
  }

  /// One error for each class that only one split has, or whose name looks the same in both but differs.
  static func classDifferences(
    training: (root: FilePath, classes: [ClassName]), validation: (root: FilePath, classes: [ClassName])
  ) -> [DataError] {
    let trained = Set(training.classes)
    let validated = Set(validation.classes)
    let missing = training.classes.filter { !validated.contains($0) }
    let unexpected = validation.classes.filter { !trained.contains($0) }
    let respelled = missing.compactMap { name in
      unexpected.first(where: name.looksLike).map { (training: name, validation: $0) }
    }
    let explained = Set(respelled.flatMap { [$0.training, $0.validation] })
    let roots = (training: training.root, validation: validation.root)
    return respelled.map {
      .classSpelledDifferently($0, $1, training: roots.training, validation: roots.validation)
    }
      + missing.filter { !explained.contains($0) }
      .map { .classMissing($0, training: roots.training, validation: roots.validation) }
      + unexpected.filter { !explained.contains($0) }
      .map { .classUnexpected($0, training: roots.training, validation: roots.validation) }
  }
}
