import Datasets
import Foundation
import Randomness
import Recipe
import System
import Training

/// `mistakes.html`: the most confident mistakes to look at, in one file that needs no other and asks for none.
struct MistakeSheet {
  private let report: EvaluationReport
  private let decoder = ImageDecoder()
  private let thumbnail: EvaluationTransform

  private static let (mostImages, mostClasses, mostPairs, side) = (48, 200, 10, 128)

  /// The sheet of an evaluation.
  init(_ report: EvaluationReport) {
    self.report = report
    thumbnail = EvaluationTransform(size: Self.side, cropPercent: report.images.cropPercent)
  }

  /// The whole page; the policy in its head lets nothing but its own pictures and style be loaded.
  var text: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Mistakes of \(escaped(report.weights))</title>
    <style>\(Self.style)</style>
    </head>
    <body>
    <h1>Mistakes of \(escaped(report.weights))</h1>
    <p>\(escaped(headline))</p>
    \(pairs)<h2>Most confident mistakes</h2>
    \(figures)
    <h2>Classes</h2>
    \(classes)
    </body>
    </html>

    """
  }

  private static let style = """
    :root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}
    h1{font-size:1.4rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin-top:2rem}
    .grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:1rem}
    figure{margin:0;overflow-wrap:anywhere}img{width:100%;height:auto;display:block;border-radius:4px}
    figcaption{font-size:.85rem}figcaption small{opacity:.75}
    table{border-collapse:collapse}th,td{text-align:right;padding:.15rem .75rem .15rem 0}
    th:first-child,td:first-child{text-align:left;overflow-wrap:anywhere}
    """

  private var headline: String {
    let examination = report.examination
    let parts: [(String, Double?)] = [
      ("Acc@1", examination.accuracy1), ("Acc@5", examination.accuracy5),
      ("balanced accuracy", examination.classes.balancedAccuracy),
    ]
    let figures = parts.compactMap { name, value in value.map { "\(name) \(fixed($0, 1)) %" } }
    return "\(report.model) on \(examination.verdicts.count) images of \(report.folder.root.masked): "
      + figures.joined(separator: ", ")
      + (examination.calibration.error.map { ", calibration error \(fixed($0, 3))" } ?? "")
  }

  private var pairs: String {
    let confusions = report.examination.confusions
    guard !confusions.isEmpty else { return "" }
    let items = confusions.prefix(Self.mostPairs).map { cell in
      "<li>\(name(cell.label)) taken for \(name(cell.predicted)): \(cell.images) of "
        + "\(report.examination.classes.images[cell.label])</li>"
    }
    return "<h2>Most frequent confusions</h2>\n<ul>\n\(items.joined(separator: "\n"))\n</ul>\n"
  }

  private var figures: String {
    let mistakes = report.examination.mistakes
    guard !mistakes.isEmpty else { return "<p>None.</p>" }
    let shown = mistakes.prefix(Self.mostImages)
    let count = "<p>\(shown.count) of \(mistakes.count); all are in \(ReportFolder.mistakes).</p>"
    return count + "\n<div class=\"grid\">\n" + shown.map(figure).joined(separator: "\n") + "\n</div>"
  }

  private func figure(_ verdict: Verdict) -> String {
    let path = escaped(report.path(of: verdict).masked)
    return "<figure>\(image(verdict, "\(name(verdict.label)): \(path)"))<figcaption>"
      + "<b>\(name(verdict.label))</b>, taken for <b>\(name(verdict.predicted))</b> "
      + "(\(fixed(100 * Double(verdict.confidence), 1)) %)<br><small>\(path)</small></figcaption></figure>"
  }

  /// What the network saw, smaller; nothing where the file has gone since.
  private func image(_ verdict: Verdict, _ alternative: String) -> String {
    let generator = KeyedGenerator(seed: 0, stream: .geometry, epoch: 0)
    guard
      let pixels = try? decoder.pixels(of: report.path(of: verdict), thumbnail, generator: generator),
      let bytes = encodedPNG(pixels, width: Self.side, height: Self.side)
    else { return "" }
    let data = Data(bytes).base64EncodedString()
    return
      "<img width=\"\(Self.side)\" height=\"\(Self.side)\" alt=\"\(alternative)\" src=\"data:image/png;base64,\(data)\">"
  }

  private var classes: String {
    let tally = report.examination.classes
    let isWhole = report.names.count <= Self.mostClasses
    let shown = isWhole ? Array(report.names.indices) : tally.worst(Self.mostClasses)
    let rows = shown.map { index in
      "<tr><td>\(name(index))</td><td>\(tally.images[index])</td><td>\(tally.predicted[index])</td>"
        + "<td>\(percent(tally.recall(of: index)))</td><td>\(percent(tally.precision(of: index)))</td></tr>"
    }
    let note = isWhole ? "" : "<p>The \(shown.count) worst of \(report.names.count).</p>\n"
    return note
      + "<table>\n<tr><th>class</th><th>images</th><th>predicted</th><th>recall</th><th>precision</th></tr>\n"
      + rows.joined(separator: "\n") + "\n</table>"
  }

  private func name(_ index: Int) -> String { escaped(report.names[index].description) }

  private func percent(_ part: Double?) -> String { part.map { "\(fixed(100 * $0, 1)) %" } ?? "–" }
}
