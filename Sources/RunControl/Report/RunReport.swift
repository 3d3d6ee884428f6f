import Drawing
import FoundationEssentials
import Recipe
import System
import WorkerLink

/// A page on a run: its results, where its time went, the classes that it gets wrong, and how it was started.
///
/// A pure value made from a history, and from an evaluation if there is one. Unknown things are left out.
package struct RunReport {
  private let history: RunHistory
  private let evaluation: EvaluationNote?
  /// When the page is shown, in seconds since 1970.
  private let now: Double
  private let flag: FlagNaming

  private static let (mostClasses, mostMistakes) = (100, 12)

  /// Returns the flag that sets a value of the recipe, by dotted name; nil if there is none.
  package typealias FlagNaming = @Sendable (_ value: String) -> String?

  package init(
    _ history: RunHistory, _ evaluation: EvaluationNote?, at now: Double,
    flag: @escaping FlagNaming = { _ in nil }
  ) {
    (self.history, self.evaluation, self.now, self.flag) = (history, evaluation, now, flag)
  }

  /// The whole page as HTML.
  package var text: String {
    var page = Page(title: history.heading(at: now))
    page.parts.append(tiles)
    page.add("How it went", charts)
    page.add("Where a step's time went", times)
    page.add("Classes", classes)
    page.add("What is taken for what", heatMap)
    page.add("What is confused most", confusions)
    page.add("Most confident mistakes", mistakes)
    page.add("Epochs", epochs())
    page.add("What goes on", commands)
    page.add("Launches", launches)
    page.add("Values", values)
    return page.text
  }

  private var tiles: String {
    let tiles: [(String, String?, isBad: Bool)] = [
      ("best Acc@1", history.best.map { "\(decimal($0.accuracy, 2)) %" }, false),
      ("in epoch", history.best.map { "\($0.epoch)" }, false),
      ("best Acc@1 of the average", history.bestAverage.map { "\(decimal($0.accuracy, 2)) %" }, false),
      (
        "epochs", history.epochsDone.map { done in "\(done)" + (history.epochs.map { " of \($0)" } ?? "") },
        false
      ),
      ("loss", history.loss.map { decimal($0, 4) }, false),
      ("images/s at the end", history.steps.last?.imagesPerSecond.map { decimal($0, 1) }, false),
      ("took", history.seconds(at: now).map { elapsed(.seconds($0)) }, false),
      ("workers", history.workers.map { "\($0)" }, false),
      ("restarts", history.restarts > 0 ? "\(history.restarts)" : nil, true),
      (
        "classes never predicted",
        evaluation?.neverPredictedText, true
      ),
    ]
    let shown = tiles.compactMap { name, value, isBad in
      value.map {
        "<div\(isBad ? " class=\"bad\"" : "")><b>\(escaped($0))</b><small>\(escaped(name))</small></div>"
      }
    }
    return "<div class=\"tiles\">\n\(shown.joined(separator: "\n"))\n</div>"
  }

  /// The run's curves.
  package var charts: String? {
    let end = Double(history.log.last.map { $0.epoch + 1 } ?? 0)
    let isPublished = history.model == PublishedLog.model
    func published(_ points: [CurvePoint]) -> Chart.Series {
      Chart.Series(name: "published training", points: isPublished ? points : [], isFaint: true)
    }
    let charts = [
      Chart(
        "Acc@1 in %",
        [
          Chart.Series(name: "weights", points: history.accuracyCurve),
          Chart.Series(name: "average", points: history.curve(\.averageAccuracy1)),
          published(PublishedLog.accuracy(upTo: end)),
        ], within: 0...100),
      Chart(
        "Loss",
        [
          Chart.Series(name: "training", points: history.lossCurve),
          Chart.Series(name: "held-out images", points: history.curve(\.testLoss)),
          published(PublishedLog.loss(upTo: end)),
        ]),
      Chart("Rate", [Chart.Series(name: "", points: history.curve(\.learningRate))]),
      Chart("Images a second", [Chart.Series(name: "", points: history.speedCurve)]),
    ].compactMap(\.self)
    return charts.isEmpty
      ? nil : "<div class=\"charts\">\n\(charts.map(\.html).joined(separator: "\n"))\n</div>"
  }

  /// Where a logged step's time went on the first rank.
  package var times: String? {
    guard let times = history.stepTimes else { return nil }
    let rows = times.parts.map { name, seconds in
      [name, "\(decimal(seconds * 1000, 1)) ms", "\(decimal(100 * seconds / times.step, 1)) %"]
    }
    return Page.table(
      ["of \(decimal(times.step * 1000, 1)) ms, on rank 0", "mean", "part"], rows, isNumeric: true)
  }

  /// Figures of the last epochs in order, or of the newest ones with the newest first.
  package func epochs(newest: Int? = nil) -> String? {
    let lines = history.log.lines.suffix(newest ?? Self.mostClasses)
    guard !lines.isEmpty else { return nil }
    let columns: [(String, (EpochLog.Line) -> Double?, Int)] = [
      ("loss", \.trainLoss, 4), ("test loss", \.testLoss, 4), ("Acc@1", \.accuracy1, 2),
      ("Acc@5", \.accuracy5, 2),
      ("balanced", \.balancedAccuracy, 2), ("of the average", \.averageAccuracy1, 2),
    ].filter { column in lines.contains { column.1($0) != nil } }
    let rows = lines.map { line in
      ["\(line.epoch)\(line.epoch == history.best?.epoch ? " ▲" : "")"]
        + columns.map { column in column.1(line).map { decimal($0, column.2) } ?? "" }
    }
    let note =
      lines.count < history.log.lines.count
      ? "<p>The last \(lines.count) of \(history.log.lines.count).</p>" : ""
    return note
      + Page.table(["epoch"] + columns.map(\.0), newest == nil ? rows : rows.reversed(), isNumeric: true)
  }

  /// The classes, the worst first.
  package var classes: String? {
    guard let evaluation, !evaluation.classes.isEmpty else { return nil }
    let worst = evaluation.classes.sorted { ($0.recall ?? 2, $0.name) < ($1.recall ?? 2, $1.name) }
    func percent(_ part: Double?) -> String { part.map { "\(decimal(100 * $0, 1)) %" } ?? "" }
    let rows = worst.prefix(Self.mostClasses).map {
      [$0.name, "\($0.images)", "\($0.predicted)", percent($0.recall), percent($0.precision)]
    }
    let never = evaluation.neverPredicted
    let more = evaluation.neverPredictedCount - min(20, never.count)
    let note =
      never.isEmpty
      ? ""
      : "<p>Never predicted: \(escaped(never.prefix(20).joined(separator: ", ")))"
        + (more > 0 ? " and \(more) more" : "") + ".</p>"
    let part =
      rows.count < evaluation.classCount ? "<p>The \(rows.count) worst of \(evaluation.classCount).</p>" : ""
    return "<p>\(escaped(evaluation.headline))</p>" + note + part
      + Page.table(["class", "images", "predicted", "recall", "precision"], Array(rows), isNumeric: true)
  }

  /// The confusion matrix in colours.
  package var heatMap: String? { evaluation?.confusion.map { HeatMap($0).html } }

  /// The mistakes with a picture in the file, since a page that is a single file can show no others.
  private var mistakes: String? {
    let shown = (evaluation?.mistakes ?? []).prefix(Self.mostMistakes)
    return MistakeGrid.html(Array(shown)) { number in
      shown[number].picture.flatMap { Data(base64Encoded: $0) == nil ? nil : "data:image/png;base64,\($0)" }
    }
  }

  private var confusions: String? {
    guard let pairs = evaluation?.confusions, !pairs.isEmpty else { return nil }
    return Page.table(
      ["class", "taken for", "images"], pairs.prefix(20).map { [$0.label, $0.predicted, "\($0.images)"] })
  }

  /// The suggested next commands.
  package var commands: String? {
    let rows = history.next.map {
      "<tr><td>\(escaped($0.purpose))</td><td><code>\(escaped($0.command))</code></td></tr>"
    }
    return rows.isEmpty ? nil : "<div class=\"wide\"><table>\n\(rows.joined(separator: "\n"))\n</table></div>"
  }

  private var launches: String? {
    let rows = history.launches.flatMap { launch in
      [[localTime(launch.began), "began on \(launch.host) with \(counted(launch.workers, "worker"))"]]
        + launch.failures.map { ["", "started again after: \($0)"] }
        + (launch.end.map {
          [[localTime($0.moment), "ended with \($0.status)\($0.reason.map { ": \($0)" } ?? "")"]]
        } ?? [])
    }
    let machine = history.record?.machine.map { [["machine", $0]] } ?? []
    return rows.isEmpty ? nil : Page.table([], machine + rows)
  }

  private var values: String? {
    let rows = history.values.sorted { $0.key < $1.key }.map {
      [flag($0.key) ?? "", $0.value.description, $0.key]
    }
    return rows.isEmpty ? nil : Page.table(["flag", "value", "in \(RunLayout.recipe)"], rows)
  }
}
