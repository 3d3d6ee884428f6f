/// A data set: `DIR/train` and `DIR/val` with the same classes.
public struct ImageFolderPair: Sendable {
  /// The names of the two splits' folders.
  public static let splits = (training: "train", validation: "val")

  /// What is learned from.
  public let training: ImageFolder
  /// What the accuracy is measured on.
  public let validation: ImageFolder

  /// Lists both splits; throws what `ImageFolder` throws, and for a missing split or a class that only one of them has.
  ///
  /// The reference numbers each split's classes on its own, so that one missing folder shifts the labels unnoticed.
  public init(_ folder: String) throws(DataError) {
    training = try ImageFolder(Self.split(Self.splits.training, of: folder))
    validation = try ImageFolder(Self.split(Self.splits.validation, of: folder))
    try requireEqualClasses()
  }

  /// The class names of both splits.
  public var classes: [String] { training.classes }

  /// The path of one split of the data set in `folder`; throws where one of the two does not exist.
  static func split(_ name: String, of folder: String) throws(DataError) -> String {
    guard Directory.exists(folder) else { throw .noSuchFolder(folder) }
    let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    guard Directory.exists(path) else { throw .missingSplit(name, dataset: folder) }
    return path
  }

  private func requireEqualClasses() throws(DataError) {
    let differences = Self.classDifferences(
      training: (training.root, training.classes), validation: (validation.root, validation.classes))
    if let first = differences.first { throw first }
  }

  /// One error for each class that only one split has.
  static func classDifferences(
    training: (root: String, classes: [String]), validation: (root: String, classes: [String])
  ) -> [DataError] {
    let trained = Set(training.classes)
    let validated = Set(validation.classes)
    let missing = training.classes.filter { !validated.contains($0) }
    let unexpected = validation.classes.filter { !trained.contains($0) }
    return missing.map { .classMissing($0, training: training.root, validation: validation.root) }
      + unexpected.map { .classUnexpected($0, training: training.root, validation: validation.root) }
  }
}
