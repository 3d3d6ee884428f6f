import Datasets
import Drawing
import Recipe
import System
import Training

/// `mistakes.html`: the most confident mistakes with their images, in a single self-contained file.
struct MistakeSheet {
  private let report: EvaluationReport

  private static let (mostClasses, mostPairs) = (200, 10)

  /// Makes the sheet of an evaluation.
  init(_ report: EvaluationReport) { self.report = report }

  /// The whole page.
  var text: String {
    var page = Page(title: "Mistakes of \(report.weights)")
    page.parts.append("<p>\(escaped(headline))</p>")
    page.add("Most frequent confusions", pairs)
    page.add("Most confident mistakes", figures)
    page.add("Classes", classes)
    return page.text
  }

  private var headline: String {
    let examination = report.examination
    let parts: [(String, Double?, String)] = [
      ("Acc@1", examination.accuracy1, report.publishedNote), ("Acc@5", examination.accuracy5, ""),
      ("balanced accuracy", examination.classes.balancedAccuracy, ""),
    ]
    let figures = parts.compactMap { name, value, note in
      value.map { "\(name) \(fixed($0, 1)) %\(note)" }
    }
    return
      "\(report.model) on \(counted(examination.verdicts.count, "image")) of \(report.folder.root.masked): "
      + figures.joined(separator: ", ")
      + (examination.calibration.error.map { ", calibration error \(fixed($0, 3))" } ?? "")
  }

  private var pairs: String? {
    let confusions = report.examination.confusions
    guard !confusions.isEmpty else { return nil }
    let items = confusions.prefix(Self.mostPairs).map { cell in
      "<li>\(name(cell.label)) taken for \(name(cell.predicted)): \(cell.images) of "
        + "\(report.examination.classes.images[cell.label])</li>"
    }
    return "<ul>\n\(items.joined(separator: "\n"))\n</ul>"
  }

  private var figures: String {
    let mistakes = report.examination.mistakes
    guard !mistakes.isEmpty else { return "<p>None.</p>" }
    let shown = mistakes.prefix(MistakeThumbnails.most)
    let count = "<p>\(shown.count) of \(mistakes.count); all are in \(ReportFolder.mistakes).</p>"
    return count + "\n<div class=\"grid\">\n" + shown.map(figure).joined(separator: "\n") + "\n</div>"
  }

  private func figure(_ verdict: Verdict) -> String {
    let path = escaped(report.path(of: verdict).masked)
    return "<figure>\(image(verdict, "\(name(verdict.label)): \(path)"))<figcaption>"
      + "<b>\(name(verdict.label))</b>, taken for <b>\(name(verdict.predicted))</b> "
      + "(\(fixed(100 * Double(verdict.confidence), 1)) %)<br><small>\(path)</small></figcaption></figure>"
  }

  /// A thumbnail of what the network saw; nothing if the file no longer exists.
  private func image(_ verdict: Verdict, _ alternative: String) -> String {
    guard let data = report.thumbnails[verdict.image] else { return "" }
    let side = MistakeThumbnails.side
    return
      "<img width=\"\(side)\" height=\"\(side)\" alt=\"\(alternative)\" src=\"data:image/png;base64,\(data)\">"
  }

  private var classes: String {
    let tally = report.examination.classes
    let isWhole = report.names.count <= Self.mostClasses
    let shown = isWhole ? Array(report.names.indices) : tally.worst(Self.mostClasses)
    let rows = shown.map { index in
      [
        report.names[index].description, "\(tally.images[index])", "\(tally.predicted[index])",
        percent(tally.recall(of: index)), percent(tally.precision(of: index)),
      ]
    }
    let note = isWhole ? "" : "<p>The \(shown.count) worst of \(report.names.count).</p>\n"
    return note
      + Page.table(["class", "images", "predicted", "recall", "precision"], rows, isNumeric: true)
  }

  private func name(_ index: Int) -> String { escaped(report.names[index].description) }

  private func percent(_ part: Double?) -> String { part.map { "\(fixed(100 * $0, 1)) %" } ?? "–" }
}
