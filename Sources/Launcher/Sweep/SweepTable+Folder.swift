import FoundationEssentials
import RunControl
import System
import SystemPackage
import WorkerLink

extension SweepDocument {
  /// What a sweep wrote to its folder; nil where none has, or nobody can read it.
  init?(in folder: String) {
    guard let bytes = try? RegularFile.contents(of: FilePath("\(folder)/\(RunLayout.sweep)")),
      let document = try? JSONDecoder().decode(Self.self, from: Data(bytes))
    else { return nil }
    self = document
  }

  /// The runs by their numbers.
  var runsInOrder: [Run] { runs.sorted { $0.number < $1.number } }
}

extension SweepTable {
  /// What the sweep in a folder has come to by now; nil where none has been there.
  ///
  /// - Parameter now: Seconds since 1970.
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

  /// The status of the whole sweep, that of the first failed run where there is one.
  var status: CInt {
    SweepStanding.status(of: rows.sorted { $0.run.number < $1.run.number }.map(\.standing))
  }

  /// All of it as people read it.
  var text: String {
    let done = rows.count { $0.standing == .done }
    let heading =
      "sweep of \(counted(rows.count, "run")) in \(masked(plan.output)), judged by \(plan.figure.title): \(done) done"
    return ([heading, ""] + lines + [""] + conclusions).joined(separator: "\n")
  }
}

extension SweepTable.Row {
  /// Of a run that has left this.
  init(
    _ run: SweepRun, _ standing: SweepStanding, _ history: RunHistory?, by figure: SweepFigure, at now: Double
  ) {
    let best = history.flatMap { figure.best(of: $0.log) }
    self.init(
      run: run, standing: standing, value: best?.value, epoch: best?.epoch,
      seconds: history?.seconds(at: now))
  }
}
