import System
public import SystemPackage

/// What a data set contains, what is wrong with it, and what may be unintended.
///
/// Every file's header is read, which finds files that are no images, are truncated or have an unknown
/// format; damage in the middle of a file is found if the data are decoded too.
public struct DatasetReport: Codable, Equatable, Sendable {
  /// A class and its number of images.
  public struct ClassCount: Codable, Equatable, Sendable {
    /// The class's name.
    public var name: ClassName
    /// The number of the class's files that training reads.
    public var images: Int

    /// The JSON key that existing scripts expect.
    enum CodingKeys: String, CodingKey {
      case name
      case images = "pictures"
    }
  }

  /// Files that training ignores: images neither by name nor by their first bytes.
  public struct LeftOut: Codable, Equatable, Sendable {
    /// The extension of their names; empty for names without a dot.
    public var ending: String
    /// Their paths below the data set's folder, masked.
    public var files: [String]
  }

  /// One of the data set's two splits.
  public struct Split: Codable, Equatable, Sendable {
    /// "train" or "val".
    public var name: String
    /// Its classes, in the order of their labels.
    public var classes: [ClassCount]
    /// The number of images of all classes.
    public var images: Int
    /// Files that training ignores, by extension.
    public var leftOut: [LeftOut]

    /// The JSON key that existing scripts expect.
    enum CodingKeys: String, CodingKey {
      case name, classes, leftOut
      case images = "pictures"
    }
  }

  /// The data set's folder, masked.
  public var folder: String
  /// Whether all data were decoded, not only the headers.
  public var isDecoded: Bool
  /// The splits that exist.
  public var splits: [Split]
  /// One line for each thing that would stop training; empty for a good data set.
  public var problems: [String]
  /// One line for each thing that training tolerates but may be unintended.
  public var warnings: [String]
  /// The files whose content cannot be used.
  public var damaged: [DamagedFile]

  /// Scans the data set in `folder`; throws only if the folder itself does not exist.
  ///
  /// - Parameters:
  /// - decodes: Whether to decode all data, as training would.
  /// - threads: The number of threads.
  public init(scanning folder: FilePath, decoding decodes: Bool, threads: Int) throws(DataError) {
    try Directory.require(folder, orThrow: .noSuchFolder(folder))
    let undivided = Self.undivided(folder)
    var scans = [undivided].compactMap(\.self)
    var errors: [DataError] = []
    let names = undivided == nil ? Self.splits(of: folder) : []
    for name in names {
      do throws(DataError) {
        scans.append(try SplitScan(name, root: ImageFolderPair.split(name, of: folder)))
      } catch {
        errors.append(error)
      }
    }
    // A split without classes has an error of its own.
    if scans.count == 2, scans.allSatisfy({ !$0.classes.isEmpty }) {
      errors += Self.differences(scans[0], scans[1])
    }
    errors += scans.flatMap(\.problems)
    let findings = scans.map { scan in
      ImageCheck(images: scan.source, decodes: decodes).findings(threads: threads)
    }
    // A missing shard is one problem, not one for each of its images.
    errors += findings.flatMap(\.failures).map(\.error).filter { !$0.isOfMissingShard }
    self.folder = folder.masked
    isDecoded = decodes
    splits = scans.map(\.split)
    problems = errors.onceAShard.map(\.description)
    damaged = errors.compactMap(\.damagedFile).map(DamagedFile.init(path:))
    warnings = scans.flatMap(\.warnings)
    if let advice = Self.advice(scans, of: names) { warnings.append(advice) }
    if scans.count == 2 { warnings += Self.twins((scans[0], findings[0]), (scans[1], findings[1])) }
  }

  /// The splits that training needs: only train/ if val/ has no images, since part of train/ is then held
  /// out.
  private static func splits(of folder: FilePath) -> [String] {
    let names = ImageFolderPair.splits
    let isUnsplit =
      (try? FolderLayout(of: folder)) == .splits([names.training])
      && !FileLink.isDangling(folder.appending(names.validation))
    return isUnsplit ? [names.training] : [names.training, names.validation]
  }

  /// How to get a validation set if nothing is held out yet; `names` are the splits, none if the folder
  /// contains the classes itself.
  private static func advice(_ scans: [SplitScan], of names: [String]) -> String? {
    guard names.count < 2, let scan = scans.first else { return nil }
    if names.isEmpty {
      return
        "there is no train/ and no val/: a training takes this folder with --val-split 0.2, and dataset split divides it"
    }
    return """
      there are no images in val/: a training takes this folder with --val-split 0.2, which holds a part of train/ out, or \
      with --no-eval; to divide it: twins-worker dataset split \(scan.root.quoted) OUT
      """
  }

  /// Scans a folder that contains classes itself; nil if it has train/ or val/, or fewer than two folders
  /// with images.
  private static func undivided(_ folder: FilePath) -> SplitScan? {
    guard (try? FolderLayout(of: folder)) == .classes,
      let scan = try? SplitScan(ImageFolderPair.splits.training, root: folder)
    else { return nil }
    return scan.classes.count(where: { $0.images > 0 }) > 1 ? scan : nil
  }

  private static func differences(_ training: SplitScan, _ validation: SplitScan) -> [DataError] {
    ImageFolderPair.classDifferences(
      training: (training.root, training.classes.map(\.name)),
      validation: (validation.root, validation.classes.map(\.name)))
  }

  /// A warning if images in one split have the same bytes as images in the other.
  private static func twins(
    _ training: (scan: SplitScan, findings: ImageCheck.Findings),
    _ validation: (scan: SplitScan, findings: ImageCheck.Findings)
  ) -> [String] {
    let learned = Dictionary(
      training.findings.found.map { ($0.finding, $0.index) }, uniquingKeysWith: { first, _ in first })
    let twins = validation.findings.found.compactMap { index, print in
      learned[print].map { learned in
        let names = [(training.scan, learned), (validation.scan, index)].map { $0.shown($0.images[$1]) }
        return names.joined(separator: " = ")
      }
    }
    guard !twins.isEmpty else { return [] }
    return [
      """
      \(counted(twins.count, "image is", "images are")) in train/ and in val/ byte for byte, where \
      accuracy counts what was learned by heart: \(firstOf(twins))
      """
    ]
  }
}

extension DatasetReport: CustomStringConvertible {
  /// The least and the most, or the one value if they are equal.
  private static func span(_ counts: [Int]) -> String {
    let (least, most) = (counts.min() ?? 0, counts.max() ?? 0)
    return least == most ? "\(most)" : "\(least) to \(most)"
  }

  /// The report as lines for a terminal.
  public var description: String {
    var lines = [folder]
    for split in splits {
      let counts = split.classes.map(\.images)
      lines.append(
        """
        \(split.name): \(counted(split.images, "image")) in \(counted(split.classes.count, "class", "classes")), \
        \(Self.span(counts)) a class
        """)
      lines += split.leftOut.map { "\(split.name): left out: \($0)" }
    }
    if !isDecoded {
      lines.append("only the headers of images were looked at; --decode looks at all of them")
    }
    lines += warnings.map { "warning: \($0)" }
    lines += problems.isEmpty ? ["no problems found"] : problems.map { "problem: \($0)" }
    return lines.joined(separator: "\n")
  }
}

extension DatasetReport.LeftOut: CustomStringConvertible {
  /// How many files, their extension, and the first of them.
  public var description: String {
    let kind = ending.isEmpty ? "without an ending" : "ending in .\(ending)"
    return "\(counted(files.count, "file")) \(kind): \(firstOf(files))"
  }
}

/// The first three names, and the number of further ones.
func firstOf(_ names: [String]) -> String {
  names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
}
