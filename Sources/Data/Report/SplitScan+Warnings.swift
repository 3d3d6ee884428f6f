import System

extension SplitScan {
  /// What training gets over, and may not be meant.
  var warnings: [String] { nestedWarning + sparseWarning + unevenWarning }

  // Likely the path is one level too high, or a class was copied into another.
  private var nestedWarning: [String] {
    guard !nested.isEmpty else { return [] }
    let classes = nested.map { name, folders in
      "\"\(name)\" (\(firstOf(folders.map { "\(masked($0))/" })))"
    }
    return [
      """
      in \(name)/, pictures in folders below a class's count as that class's: \(firstOf(classes)). If those are classes \
      of their own, move them up, to \(name)/
      """
    ]
  }

  private var sparseWarning: [String] {
    let sparse = classes.filter { $0.pictures < 2 }
    guard !sparse.isEmpty else { return [] }
    return [
      """
      in \(name)/, fewer than 2 pictures are in \(sparse.count == 1 ? "class" : "\(sparse.count) classes:") \
      \(firstOf(sparse.map { "\"\($0.name)\"" }))
      """
    ]
  }

  /// A class with so many times the pictures of another is what a network learns to guess.
  private static let uneven = 20

  // Only what is learned from decides what is guessed.
  private var unevenWarning: [String] {
    let filled = classes.filter { $0.pictures > 0 }
    guard name == ImageFolderPair.splits.training,
      let least = filled.min(by: { $0.pictures < $1.pictures }),
      let most = filled.max(by: { $0.pictures < $1.pictures }), most.pictures > Self.uneven * least.pictures
    else { return [] }
    return [
      """
      in \(name)/, class "\(most.name)" has \(most.pictures) pictures and "\(least.name)" \(least.pictures), more than \
      \(Self.uneven) : 1. Accuracy over all pictures may be high while rare classes are never named
      """
    ]
  }
}

extension DatasetReport {
  /// A warning where pictures of one split have the bytes of pictures of the other.
  static func twins(
    _ training: (scan: SplitScan, findings: PictureCheck.Findings),
    _ validation: (scan: SplitScan, findings: PictureCheck.Findings)
  ) -> [String] {
    let learned = Dictionary(
      training.findings.fingerprints.map { ($0.print, $0.index) }, uniquingKeysWith: { first, _ in first })
    let twins = validation.findings.fingerprints.compactMap { index, print in
      learned[print].map { learned in
        let names = [(training.scan, learned), (validation.scan, index)].map { $0.shown($0.pictures[$1]) }
        return names.joined(separator: " = ")
      }
    }
    guard !twins.isEmpty else { return [] }
    return [
      """
      \(twins.count) \(twins.count == 1 ? "picture is" : "pictures are") in train/ and in val/ byte for byte, where \
      accuracy counts what was learned by heart: \(firstOf(twins))
      """
    ]
  }
}
