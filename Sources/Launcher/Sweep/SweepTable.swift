import Drawing
import FoundationEssentials
import Recipe
import System
import SystemPackage

/// The results of a sweep's runs, the best first.
struct SweepTable: Equatable {
  let plan: SweepPlan
  /// A row for each run, sorted by the figure; runs without a value come last, and equal ones in the plan's
  /// order.
  let rows: [Row]

  struct Row: Equatable {
    let run: SweepRun
    let standing: SweepStanding
    /// The best value of its epochs; nil where nothing was evaluated.
    var value: Double?
    var epoch: Int?
    /// The time that it took, all starts together.
    var seconds: Double?
  }

  init(_ plan: SweepPlan, _ rows: [Row]) {
    self.plan = plan
    self.rows = rows.sorted { one, other in
      switch (one.value, other.value) {
      case (let a?, let b?) where a != b: plan.figure.prefers(a, to: b)
      case (_?, nil): true
      case (nil, _?): false
      default: one.run.number < other.run.number
      }
    }
  }

  /// The finished runs with a value, the best first.
  private var ranked: [Row] { rows.filter { $0.standing == .done && $0.value != nil } }

  /// Writes a value of the figure.
  func shown(_ value: Double) -> String { decimal(value, plan.figure.digits) }

  /// The table's lines, a heading first.
  var lines: [String] {
    let heading = ["run"] + plan.flags + [plan.figure.title, "in epoch", "state", "took"]
    let cells = rows.map { row in
      [row.run.name] + row.run.values
        + [
          row.value.map(shown) ?? "", row.epoch.map { "\($0)" } ?? "", row.standing.text,
          row.seconds.map { elapsed(.seconds($0)) } ?? "",
        ]
    }
    let figures = plan.flags.count + 1
    return columns([heading] + cells, rightAligned: [figures, figures + 1])
  }

  /// What to do next: the best run and its flags, and how to compare the best two.
  var conclusions: [String] {
    guard let best = ranked.first, let value = best.value else {
      guard rows.contains(where: { $0.standing == .done }) else { return [] }
      return [
        "no finished run has \(plan.figure.title): it comes of evaluations, which --no-eval leaves out, and that of averages "
          + "of --model-ema"
      ]
    }
    let place = best.epoch.map { " in epoch \($0)" } ?? ""
    let again = ["best: \(best.run.name), \(plan.figure.title) \(shown(value))\(plan.figure.unit)\(place)"]
    let rows =
      [["train it again", plan.command(of: best.run)]]
      + (ranked.count > 1
        ? [
          [
            "compare the best two",
            "twins-launch compare "
              + ranked.prefix(2).map { FilePath($0.run.output).quoted }.joined(separator: " "),
          ]
        ]
        : [])
    return again + columns(rows.map { ["  \($0[0])", $0[1]] })
  }
}

/// The table as files.
extension SweepTable {
  /// The table as CSV, with the flags' names in the first line; without times, which differ from try to try.
  var csv: String {
    let heading = ["run"] + plan.flags + [plan.figure.rawValue, "epoch", "state"]
    let cells = rows.map { row in
      [row.run.name] + row.run.values
        + [row.value.map { "\($0)" } ?? "", row.epoch.map { "\($0)" } ?? "", row.standing.text]
    }
    return commaSeparated(heading, cells)
  }

  /// The table for scripts, and for a later start of the sweep.
  var document: SweepDocument {
    SweepDocument(
      figure: plan.figure, varied: plan.flags, directory: plan.directory,
      runs: rows.map { row in
        SweepDocument.Run(
          number: row.run.number, run: row.run.name, output: row.run.output, values: row.run.values,
          flags: row.run.flags, state: row.standing.text, figure: row.value, epoch: row.epoch,
          seconds: row.seconds)
      })
  }
}

/// `sweep.json`.
struct SweepDocument: Codable, Equatable {
  let figure: SweepFigure
  let varied: [String]
  /// The working directory to which relative paths among the flags refer.
  let directory: String?
  /// The runs, the best first.
  let runs: [Run]

  struct Run: Codable, Equatable {
    let number: Int
    let run: String
    let output: String
    let values: [String]
    let flags: [String]
    let state: String
    let figure: Double?
    let epoch: Int?
    let seconds: Double?
  }
}
