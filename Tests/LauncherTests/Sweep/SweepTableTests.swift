import Foundation
import Recipe
import System
import TestSupport
import Testing

@testable import Launcher
@testable import RunControl

/// What the runs of a sweep came to, and how far each is.
@Suite struct SweepTableTests {
  private func plan(figure: String = "acc1") throws -> SweepPlan {
    SweepPlan(
      try SweepFile(
        #"{"flags": {"data-path": "x"}, "grid": {"lr": [1, 2, 3, 4]}, "figure": "\#(figure)", "output": "o"}"#,
        named: "a.json"))
  }

  private func table(_ values: [Double?], figure: String = "acc1", failed: Int? = nil) throws -> SweepTable {
    let plan = try plan(figure: figure)
    return SweepTable(
      plan,
      zip(plan.runs, values).map { run, value in
        SweepTable.Row(
          run: run, standing: run.number == failed ? .failed(79) : .done, value: value,
          epoch: value.map { _ in 2 },
          seconds: 61)
      })
  }

  @Test func `a sweep's folder tells its table wherever it lies, and what could not start`() throws {
    let place = try TemporaryFolder()
    #expect(SweepTable(in: place.path, at: 0) == nil)
    let refused = try table([nil, nil, nil, nil], failed: 4)
    let text = try JSONEncoder().encode(refused.document)
    try text.write(to: URL(filePath: "\(place.path)/sweep.json"))
    let table = try #require(SweepTable(in: place.path, at: 0))
    // The runs' own files tell how far they are; here there are none.
    #expect(table.rows.map(\.run.number) == [1, 2, 3, 4] && table.plan.output == place.path)
    #expect(table.rows.map(\.standing) == [.waiting, .waiting, .waiting, .waiting])
    #expect(
      table.status == 75
        && table.text.hasPrefix("sweep of 4 runs in \(place.path), judged by Acc@1: 0 done\n"))
    #expect(SweepStanding(nil, noted: "refused (64)") == .failed(64))
    #expect(SweepStanding(nil, noted: "waiting") == .waiting)
    #expect(SweepStanding.status(of: [.done, .failed(64), .failed(78)]) == 64)
  }

  @Test func `the best is first, equal ones keep their order, and what has no figure is last`() throws {
    #expect(try table([20, nil, 30, 20]).rows.map(\.run.number) == [3, 1, 4, 2])
    #expect(try table([20, nil, 30, 20], figure: "loss").rows.map(\.run.number) == [1, 4, 3, 2])
  }

  @Test func `tells the best run's flags and the best two`() throws {
    let table = try table([20, nil, 30, 90], failed: 4)
    #expect(table.lines[0] == "run      lr  Acc@1  in epoch  state     took")
    #expect(table.lines[1] == "run-004  4   90.00         2  diverged  1 min 1 s")
    // A run that diverged is no run to go on with.
    #expect(
      table.conclusions == [
        "best: run-003, Acc@1 30.00 % in epoch 2",
        "  train it again        twins-launch train --data-path=x --lr=3 --output-dir o/run-003-again",
        "  compare the best two  twins-launch compare o/run-003 o/run-001",
      ])
    let without = try self.table([nil, nil, nil, nil]).conclusions
    #expect(without.count == 1 && without[0].hasPrefix("no finished run has Acc@1: "))
  }

  @Test func `a run is trained again by a command that works wherever it is read`() throws {
    let file = try SweepFile(
      #"{"flags": {"data-path": "x"}, "grid": {"lr": [1, 2]}, "output": "o"}"#, named: "a.json")
    let plan = SweepPlan(file, in: "/my home")
    let command = "twins-launch train --data-path=x --lr=1 --output-dir"
    #expect(plan.command(of: plan.runs[0], in: "/my home") == "\(command) o/run-001-again")
    #expect(
      plan.command(of: plan.runs[0], in: "/else")
        == "cd '/my home' && \(command) /else/o/run-001-again")
  }

  @Test func `files have what the sweep comes to, and what was planned`() throws {
    let table = try table([20, nil, 30.5, 90], failed: 4)
    #expect(
      table.csv == """
        run,lr,acc1,epoch,state
        run-004,4,90.0,2,diverged
        run-003,3,30.5,2,done
        run-001,1,20.0,2,done
        run-002,2,,,done

        """)
    let text = try JSONEncoder().encode(table.document)
    let read = try JSONDecoder().decode(SweepDocument.self, from: text)
    #expect(read == table.document)
    #expect(table.plan.conflict(with: read.runs.sorted { $0.number < $1.number }.map(\.flags)) == nil)
  }

  @Test func `how far a run is stands in its files`() {
    func standing(_ status: Int?, isAlive: Bool = false) -> SweepStanding {
      var traces = RunTraces.trained(epochs: 2, of: 3, ending: status)
      traces.isAlive = isAlive
      return SweepStanding(RunHistory(traces, host: "here"))
    }
    #expect(standing(0) == .done)
    #expect(standing(75) == .interrupted)
    // Its launcher was killed.
    #expect(standing(nil) == .interrupted)
    #expect(standing(nil, isAlive: true) == .running)
    #expect(standing(79) == .failed(79))
    // Whatever was in the way may be gone.
    #expect(standing(74) == .interrupted)
    #expect(SweepStanding(nil) == .waiting)
    #expect(SweepStanding(RunHistory(RunTraces(output: "out"), host: "here")) == .waiting)
  }

  @Test func `the figure is the best of a run's epochs`() {
    let log = EpochLog(RunTraces.log(epochs: 3))
    #expect(SweepFigure.acc1.best(of: log).map { [$0.value, Double($0.epoch)] } == [20, 1])
    #expect(SweepFigure.loss.best(of: log).map { [$0.value, Double($0.epoch)] } == [2.3, 0])
    #expect(SweepFigure.ema.best(of: log) == nil)
  }
}

/// What runs side by side have of the machine.
@Suite struct SweepLanesTests {
  private func cards(_ count: Int, chosen: String? = nil) -> Cards {
    Cards(
      of: .nvidia, files: (0..<count).map { "nvidia\($0)" },
      environment: chosen.map { ["CUDA_VISIBLE_DEVICES": $0] } ?? [:])
  }

  private func lanes(_ count: Int, _ cards: Cards?, named: Bool = false, workers: Int = 1) throws -> [[String:
    String]]
  {
    try SweepLanes(count, cards: cards, processors: 8, workers: workers, named: named).environments
  }

  @Test func `cards are divided, by the names that the user's variable gives them`() throws {
    #expect(try lanes(1, cards(8)) == [[:]])
    #expect(try lanes(2, cards(8)).map { $0["CUDA_VISIBLE_DEVICES"] } == ["0,1,2,3", "4,5,6,7"])
    #expect(try lanes(2, cards(8, chosen: "6,3,1")).map { $0["CUDA_VISIBLE_DEVICES"] } == ["6", "3"])
    #expect(throws: LaunchError.self) { try lanes(4, cards(2)) }
  }

  @Test func `without cards the processors are, unless the user has said how many threads there are`() throws
  {
    #expect(try lanes(2, nil).map { $0["OMP_NUM_THREADS"] } == ["4", "4"])
    #expect(try lanes(3, cards(0), workers: 2).map { $0["OMP_NUM_THREADS"] } == ["1", "1", "1"])
    #expect(try lanes(2, nil, named: true) == [[:], [:]])
  }
}
