import FoundationEssentials
import RunControl
import System
import SystemPackage
import WorkerLink

extension SweepDocument {
  /// Reads the document that a sweep wrote to its folder; nil where there is none or it cannot be read.
  init?(in folder: String) {
    guard let bytes = try? RegularFile.contents(of: FilePath("\(folder)/\(RunLayout.sweep)")),
      let document = try? JSONDecoder().decode(Self.self, from: Data(bytes))
    else { return nil }
    self = document
  }

  /// The runs by number.
  var runsInOrder: [Run] { runs.sorted { $0.number < $1.number } }
}

extension SweepTable {
  /// Reads the present results of the sweep in a folder; nil where there is none.
  ///
  /// - Parameter now: The time, in seconds since 1970.
  init?(in folder: String, at now: Double) {
    guard let document = SweepDocument(in: folder) else { return nil }
    let plan = SweepPlan(document, in: folder)
    self.init(
      plan,
      zip(plan.runs, document.runsInOrder).map { run, noted in
        let history = RunFolder(run.output)?.history
        return Row(run, SweepStanding(history, noted: noted.state), history, by: plan.figure, at: now)
      })
  }

  /// The exit status of the whole sweep: that of the first failed run, where there is one.
  var status: CInt {
    SweepStanding.status(of: rows.sorted { $0.run.number < $1.run.number }.map(\.standing))
  }

  /// The whole table as text.
  var text: String {
    let done = rows.count { $0.standing == .done }
    let heading =
      "sweep of \(counted(rows.count, "run")) in \(masked(plan.output)), judged by \(plan.figure.title): \(done) done"
    return ([heading, ""] + lines + [""] + conclusions).joined(separator: "\n")
  }
}

extension SweepTable.Row {
  /// A row from the files of a run.
  init(
    _ run: SweepRun, _ standing: SweepStanding, _ history: RunHistory?, by figure: SweepFigure, at now: Double
  ) {
    let best = history.flatMap { figure.best(of: $0.log) }
    self.init(
      run: run, standing: standing, value: best?.value, epoch: best?.epoch,
      seconds: history?.seconds(at: now))
  }
}
