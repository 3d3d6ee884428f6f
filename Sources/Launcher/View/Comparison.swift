import Drawing
import Flags
import Recipe
import RunControl
import System

/// Compares runs: the values in which they differ, their results, and their curves.
struct Comparison {
  let runs: [RunHistory]

  /// More curves than this could not be told apart in one frame.
  static let mostRuns = 8
  private static let letters = Array("ABCDEFGH")
  private static let plotHeight = 10

  /// A value that differs among the runs: its name in `--print-config`, the flag that sets it, and its text
  /// in each run; nil where a run does not record it.
  struct Difference: Equatable, Sendable {
    let name: String
    let flag: String?
    let values: [String?]
  }

  /// The differences in alphabetical order; runs without a recipe, such as the reference's, are left out.
  var differences: [Difference] {
    let telling = runs.filter { !$0.values.isEmpty }
    let names = Set(telling.flatMap { $0.values.keys }).subtracting(["digest"]).sorted()
    return names.compactMap { name in
      guard Set(telling.map { $0.values[name]?.description }).count > 1 else { return nil }
      return Difference(
        name: name, flag: flag(setting: name), values: runs.map { $0.values[name]?.description })
    }
  }

  /// Values that are derived from others.
  private static let derived: Set = ["schedule.base"]
  fileprivate var told: [Difference] { differences.filter { !Self.derived.contains($0.name) } }
}

/// The comparison for people.
extension Comparison {
  /// Returns its lines, laid out for the canvas.
  func lines(at now: Double, on canvas: Canvas) -> [String] {
    let isShown = canvas.isUnicode && canvas.isColoured
    let key = runs.enumerated().map { index, run in
      let letter = isShown ? Plot.coloured("\(Self.letters[index])", index) : "\(Self.letters[index])"
      return "\(letter)  \(masked(run.output ?? run.launcher ?? ""))"
    }
    let plots = [
      Plot("loss of training", series(\.lossCurve)), Plot("Acc@1 in %", series(\.accuracyCurve)),
    ].compactMap(\.self).map { $0.lines(on: canvas, height: Self.plotHeight) }
    return ([key, figures(at: now), values(canvas.width)] + plots).filter { !$0.isEmpty }
      .joined(separator: [""]).map { $0 }
  }

  private func series(_ curve: (RunHistory) -> [CurvePoint]) -> [Plot.Series] {
    runs.enumerated().map { Plot.Series(letter: Self.letters[$0], points: curve($1)) }
  }

  private var heading: [String] { runs.indices.map { "\(Self.letters[$0])" } }

  private func figures(at now: Double) -> [String] {
    let rows: [(String, (RunHistory) -> String?)] = [
      ("state", { $0.state }), ("model", { $0.model.map { masked($0) } }),
      ("began with", { $0.startWeights.map { masked($0) } }),
      ("epochs", { run in run.epochsDone.map { "\($0)" + (run.epochs.map { "/\($0)" } ?? "") } }),
      ("updates", { $0.updates.map(grouped) }),
      ("best Acc@1", { $0.best.map { "\(decimal($0.accuracy, 2)) %" } }),
      ("in epoch", { $0.best.map { "\($0.epoch)" } }),
      ("last Acc@1", { $0.log.last?.accuracy1.map { "\(decimal($0, 2)) %" } }),
      ("best EMA", { $0.bestAverage.map { "\(decimal($0.accuracy, 2)) %" } }),
      ("last loss", { $0.loss.map { decimal($0, 4) } }),
      ("test loss", { $0.log.last?.testLoss.map { decimal($0, 4) } }),
      ("took", { $0.seconds(at: now).map { elapsed(.seconds($0)) } }),
      ("restarts", { $0.restarts > 0 ? "\($0.restarts)" : nil }),
    ]
    let table = rows.map { name, figure in [name] + runs.map { figure($0) ?? "" } }
      .filter { row in row.dropFirst().contains { !$0.isEmpty } }
    return columns([[""] + heading] + table, rightAligned: Set(1...runs.count))
  }

  private func values(_ width: Int) -> [String] {
    let differences = told
    guard !differences.isEmpty else {
      return runs.contains(where: \.values.isEmpty) ? [] : ["the recipes say the same"]
    }
    // Long values are cut so that all columns fit.
    let names = differences.map { $0.flag ?? $0.name }
    let room = max(6, (width - (names.map(\.count).max() ?? 0)) / runs.count - 2)
    let rows = zip(names, differences).map { name, difference in
      [name] + difference.values.map { value in value.map { Self.cut($0, to: room) } ?? "" }
    }
    return columns([["differs in"] + heading] + rows)
  }

  /// Cuts a text to a width; of a path the end is kept, since that distinguishes it.
  private static func cut(_ text: String, to width: Int) -> String {
    text.count > width ? "…" + text.suffix(width - 1) : text
  }
}

/// The comparison for scripts.
struct ComparisonReport: Encodable {
  let runs: [HistoryReport]
  let differences: [Difference]
  let curves: [Curves]

  struct Difference: Encodable {
    let name: String
    let flag: String?
    let values: [String?]
  }

  /// Curves; each point is the number of epochs so far and the value.
  struct Curves: Encodable {
    let loss: [[Double]]
    let acc1: [[Double]]
  }

  init(_ comparison: Comparison, at now: Double) {
    runs = comparison.runs.map { HistoryReport($0, at: now) }
    differences = comparison.differences.map { Difference(name: $0.name, flag: $0.flag, values: $0.values) }
    curves = comparison.runs.map { run in
      Curves(loss: run.lossCurve.map { [$0.x, $0.y] }, acc1: run.accuracyCurve.map { [$0.x, $0.y] })
    }
  }
}
