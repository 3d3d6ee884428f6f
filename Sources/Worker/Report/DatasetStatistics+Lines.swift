import Datasets
import Drawing
import System

extension DatasetStatistics {
  /// The lines for the terminal, bounded whatever the number of classes.
  var lines: [String] {
    [folder, ""] + splits.flatMap(\.lines) + duplicateLines + nearLines
  }

  private static let mostShown = 3

  private var duplicateLines: [String] {
    guard !duplicates.isEmpty else { return ["duplicates: none by bytes"] }
    let (across, conflicting) = (
      duplicates.filter(\.areInBothSplits), duplicates.filter(\.areOfSeveralClasses)
    )
    var lines = [
      "duplicates: \(counted(duplicates.count, "set")) of images with the same bytes, "
        + "\(across.count) in both train/ and val/, \(conflicting.count) in several classes"
    ]
    for set in duplicates.sorted(by: { $0.weight > $1.weight }).prefix(Self.mostShown) {
      lines.append("  \(set.files.prefix(4).joined(separator: " = "))\(set.files.count > 4 ? " = …" : "")")
    }
    return lines
  }

  private var nearLines: [String] {
    guard splits.count == 2 else { return [] }
    let plain =
      plainImages == 0
      ? ""
      : "; \(counted(plainImages, "image")) with too little in them to tell \(noun(plainImages, "was", "were")) left out"
    guard !nearDuplicates.isEmpty else { return ["near-duplicates: none between val/ and train/\(plain)"] }
    let head =
      "near-duplicates: \(counted(nearDuplicates.count, "image")) of val/ \(noun(nearDuplicates.count, "looks", "look")) like one of train/\(plain)"
    return [head]
      + nearDuplicates.sorted { $0.distance < $1.distance }.prefix(Self.mostShown).map {
        "  \($0.validation) ~ \($0.training) (\(counted($0.distance, "bit")) of 64)"
      }
  }
}

extension DuplicateSet {
  /// The importance of duplicates: those in both splits falsify the accuracy, those of several classes cannot
  /// be learnt.
  fileprivate var weight: Int { (areInBothSplits ? 2 : 0) + (areOfSeveralClasses ? 1 : 0) }
}

extension DatasetStatistics.Split {
  fileprivate var lines: [String] { [headline] + extremes + table + [""] }

  private var headline: String {
    let counts = classes.map(\.images)
    let (least, most) = (counts.min() ?? 0, counts.max() ?? 0)
    let ratio = imbalance.map { " (\(decimal($0, 1)) : 1)" } ?? ""
    return
      "\(name.isEmpty ? "all" : name): \(grouped(images)) \(noun(images, "image")) in \(counted(classes.count, "class", "classes")), "
      + (least == most ? "\(most) of each" : "\(least) to \(most) of each\(ratio)")
  }

  /// The classes with the most and the fewest images, if these differ.
  private var extremes: [String] {
    let sorted = classes.sorted { $0.images > $1.images }
    guard sorted.first?.images != sorted.last?.images else { return [] }
    func listed(_ classes: some Sequence<DatasetReport.ClassCount>) -> String {
      classes.map { "\($0.name.shortened(to: 24)) \($0.images)" }.joined(separator: ", ")
    }
    return ["most: \(listed(sorted.prefix(3))); fewest: \(listed(sorted.suffix(3).reversed()))"]
  }

  private var table: [String] {
    let rows: [(String, Quartiles?, Int)] = [
      ("width", width, 0), ("height", height, 0), ("aspect", aspect, 2), ("brightness", brightness, 3),
    ]
    let spread = rows.compactMap { name, quartiles, digits in
      quartiles.map {
        [name] + [$0.least, $0.lower, $0.median, $0.upper, $0.most].map { decimal($0, digits) }
      }
    }
    guard let mean, let standardDeviation else { return [] }
    let colors = [
      ["mean"] + mean.map { decimal($0, 4) }, ["deviation"] + standardDeviation.map { decimal($0, 4) },
    ]
    return columns(
      [["", "least", "1/4", "median", "3/4", "most"]] + spread + [["", "red", "green", "blue"]] + colors,
      rightAligned: [1, 2, 3, 4, 5])
  }
}
