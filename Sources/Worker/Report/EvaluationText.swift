import Datasets
import Recipe
import System
import Training

extension EvaluationReport {
  /// The lines for the terminal, bounded whatever the number of classes.
  var lines: [String] {
    let tally = examination.classes
    return headLines + classTable + confusedLine + ClassLines(tally, names).unpredictedLine()
  }

  private var headLines: [String] {
    let calibration = examination.calibration
    return [
      "",
      "Weights    \(masked(weights)) (\(([model] + way).joined(separator: ", ")))",
      "Images     \(examination.verdicts.count) in \(counted(names.count, "class", "classes")), of \(folder.root.masked)",
      "Acc@1      \(percent(examination.accuracy1, 3))\(publishedNote), Acc@5 \(percent(examination.accuracy5, 3)), "
        + "loss \(examination.meanLoss.map { fixed($0, 4) } ?? "–")",
      "Balanced   \(percent(examination.classes.balancedAccuracy, 3)) (mean recall of the classes)",
      "Calibrated ECE \(calibration.error.map { fixed($0, 4) } ?? "–"): "
        + "\(percent(calibration.confidence.map { 100 * $0 })) sure on average, "
        + "\(percent(examination.accuracy1)) right",
    ]
  }

  /// Size, crop, and differences from the reference.
  private var way: [String] {
    let (own, usual) = (images.preprocessing, Recipe.Preprocessing())
    let isUsual = own.means == usual.means && own.deviations == usual.deviations
    return ["\(images.inputSize) × \(images.inputSize) pixels", "crop \(images.cropPercent)"]
      + (images.cropMode == usual.cropMode ? [] : ["--crop-mode \(images.cropMode.rawValue)"])
      + (isUsual ? [] : [own.normalizationFlags]) + (mirrors ? ["--tta"] : [])
  }

  /// The number of classes in the table: all, or the worst.
  private static let (mostClasses, worstClasses) = (20, 10)
  private static let (mostPairs, longestName) = (5, 24)

  private var classTable: [String] {
    let isWhole = names.count <= Self.mostClasses
    let shown = isWhole ? Array(names.indices) : examination.classes.worst(Self.worstClasses)
    guard !shown.isEmpty else { return [] }
    let labels = shown.map { names[$0].shortened(to: Self.longestName) }
    let title = isWhole ? "Class" : "Worst of \(names.count)"
    let width = ([title] + labels).map(\.count).max() ?? 0
    let head = "\(title.padded(to: width))  Images  Predicted   Recall  Precision"
    return ["", head] + zip(shown, labels).map { row($0, $1.padded(to: width)) } + [""]
  }

  private func row(_ index: Int, _ label: String) -> String {
    let tally = examination.classes
    let (recall, precision) = (tally.recall(of: index), tally.precision(of: index))
    return label + "  " + "\(tally.images[index])".padded(before: 6)
      + "\(tally.predicted[index])".padded(before: 11)
      + percent(recall.map { 100 * $0 }).padded(before: 9)
      + percent(precision.map { 100 * $0 }).padded(before: 11)
  }

  private var confusedLine: [String] {
    let pairs = examination.confusions.prefix(Self.mostPairs).map { cell in
      "\(short(cell.label)) → \(short(cell.predicted)) (\(cell.images) of \(examination.classes.images[cell.label]))"
    }
    return pairs.isEmpty ? [] : ["Confused   " + pairs.joined(separator: ", ")]
  }

  private func short(_ index: Int) -> String { names[index].shortened(to: Self.longestName) }
}

/// A percentage, or a dash if there is none.
private func percent(_ value: Double?, _ decimals: Int = 1) -> String {
  value.map { "\(fixed($0, decimals)) %" } ?? "–"
}
