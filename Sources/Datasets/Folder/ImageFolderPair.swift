import System
public import SystemPackage

/// A data set: `DIR/train` and `DIR/val` with the same classes, or the one of them that is needed.
public struct ImageFolderPair: Sendable {
  /// The names of the two splits' folders.
  public static let splits = (training: "train", validation: "val")

  /// What is learned from; without images where nothing is learned.
  public let training: ImageFolder
  /// What the accuracy is measured on; without images where nothing is measured.
  public let validation: ImageFolder
  /// What both were made of, where the folder is not split.
  private let undivided: ImageFolder?

  /// What images are needed for.
  public enum Purpose: Sendable {
    /// Both splits.
    case trainingAndEvaluation
    /// `train/`; `val/` need not be there.
    case training
    /// `train/`; `val/` is not looked at.
    case trainingAlone
    /// `val/`; `train/` is not looked at.
    case evaluation
  }

  /// Lists both splits; throws what `ImageFolder` throws, and for a missing split or a class that only one of them has.
  ///
  /// The reference numbers each split's classes on its own, so that one missing folder shifts the labels unnoticed.
  /// - Parameters:
  ///   - share: The part of each class that is held out of a folder without `val/`, which may have its classes in `train/` or
  ///     in itself; 0 for one that is split.
  ///   - evaluated: The folder that an evaluation goes through; `.` is `folder` itself.
  ///   - indexes: Where the indexes of both are kept; nil for ones in this process's memory alone.
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

  /// The same with the classes that weights know, of which an evaluation may have fewer; nil where it has others too.
  public func numbered(as classes: [ClassName]) -> ImageFolderPair? {
    guard let training = training.numbered(as: classes), let validation = validation.numbered(as: classes)
    else {
      return nil
    }
    return ImageFolderPair(training: training, validation: validation, undivided: undivided)
  }

  /// The same, of which this host goes through a share of each split; nil for all of it.
  public func shared(training: HostShare?, validation: HostShare?) -> ImageFolderPair {
    ImageFolderPair(
      training: self.training.shared(training), validation: self.validation.shared(validation),
      undivided: undivided)
  }

  /// Has the indexes kept that were not yet, for want of a folder.
  public func keep(in indexes: IndexFolder) {
    for folder in folders where folder.count > 0 { folder.keep(in: indexes) }
  }

  /// What was listed on the disk.
  var folders: [ImageFolder] { undivided.map { [$0] } ?? [training, validation] }

  private init(training: ImageFolder, validation: ImageFolder, undivided: ImageFolder?) {
    (self.training, self.validation, self.undivided) = (training, validation, undivided)
  }

  /// The class names of both splits.
  public var classes: [ClassName] { training.classes }

  /// The path of one split of the data set in `folder`; throws where one of the two does not exist.
  static func split(_ name: String, of folder: FilePath) throws(DataError) -> FilePath {
    try Directory.require(folder, orThrow: .noSuchFolder(folder))
    let path = folder.appending(name)
    try Directory.require(path, orThrow: .missingSplit(name, dataset: folder))
    return path
  }

  /// Whether a data set has a `val/` with classes in it, or a pack.
  public static func hasValidation(_ folder: FilePath) -> Bool {
    guard case .splits(let names)? = try? FolderLayout(of: folder) else { return false }
    return names.contains(splits.validation)
  }

  /// The folder of the classes of a data set that has no `val/`; throws where it has one.
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

  /// One error for each class that only one split has, or that each spells in its own way.
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
