import Testing
import WorkerLink

@testable import Launcher
@testable import Drawing

@Suite struct RunViewTests {
  private let canvas = Canvas(width: 80, height: 24, isUnicode: true, isColoured: true)
  private let plain = Canvas(width: 80, height: 24, isUnicode: false, isColoured: true)

  private func status(_ epoch: Int, _ step: Int, of steps: Int = 100, epochs: Int = 20) -> WorkerStatus {
    var status = WorkerStatus()
    (status.epoch, status.step, status.stepsOfEpoch, status.epochs) = (epoch, step, steps, epochs)
    (status.stepsDone, status.phase) = (epoch * steps + step, .forward)
    (status.loss, status.learningRate, status.imagesPerSecond) = (2.14312, 0.00042, 1034.4)
    status.spent = status.spent.map { _ in 1_000_000 }
    return status
  }

  private func ranks(_ states: WorkerStatus..., stopped: Int? = nil) -> [RankView] {
    states.enumerated().map { RankView(rank: $0, state: $1, updates: 1, isStopped: $0 == stopped) }
  }

  private func finished(_ number: Int, _ accuracy: Double?, best: Double?) -> FinishedEpoch {
    var epoch = FinishedEpoch(number, seconds: 41)
    (epoch.trainingLoss, epoch.accuracy1, epoch.best) = (2.287, accuracy, best)
    epoch.isBest = accuracy != nil && accuracy == best
    return epoch
  }

  @Test func `a run is two lines`() {
    var view = RunView()
    _ = view.look(ranks(status(2, 40)), at: .seconds(0), on: canvas)
    _ = view.look(ranks(status(2, 45)), at: .seconds(5), on: canvas)
    #expect(
      view.lines(on: canvas) == [
        "epoch 2 (3 of 20) ━━━━━━━━━━━━━━━───────────────────  45 %  45/100  eta 0:00:55",
        "loss 2.1431  lr 4.20e-4  1034 images/s  data 20 %  run ends in at least 0:29:15",
      ])
    #expect(
      view.lines(on: plain)[0]
        == "epoch 2 (3 of 20) ###############-------------------  45 %  45/100  eta 0:00:55")
  }

  @Test(arguments: [40, 60, 80, 120, 200], [(0, 0, 1), (9, 99, 100), (99_999, 123_456, 1_000_000)])
  func `no line is wider than the terminal`(width: Int, place: (epoch: Int, step: Int, steps: Int)) {
    let canvas = Canvas(width: width, height: 24, isUnicode: true, isColoured: true)
    var view = RunView()
    for step in [place.step / 2, place.step] {
      let status = status(place.epoch, step, of: place.steps, epochs: 100_000)
      _ = view.look(ranks(status), at: .seconds(step), on: canvas)
    }
    for line in view.lines(on: canvas).dropFirst(width < 80 ? 1 : 0) {
      #expect(line.count <= width, "\(line)")
    }
  }

  @Test func `before there is an epoch nothing is drawn, and after the workers are gone nothing either`() {
    var view = RunView()
    _ = view.look(ranks(WorkerStatus()), at: .zero, on: canvas)
    #expect(view.lines(on: canvas).isEmpty)
    _ = view.look(ranks(status(0, 1)), at: .seconds(1), on: canvas)
    #expect(!view.lines(on: canvas).isEmpty)
    _ = view.look([], at: .seconds(2), on: canvas)
    #expect(view.lines(on: canvas).isEmpty)
  }

  @Test func `a finished epoch has a line, once, under a head that comes once`() {
    var view = RunView()
    var state = status(1, 0)
    var kept: [String] = []
    for (number, accuracy, best) in [(0, 34.2, 34.2), (1, 30.0, 34.2), (2, 35.0, 35.0)] {
      state.finished = finished(number, accuracy, best: best)
      for second in [0, 1] { kept += view.look(ranks(state), at: .seconds(second), on: canvas) }
    }
    #expect(
      kept == [
        EpochRow(on: canvas, hasAverage: false).head,
        "     0   2.2870              34.20                      0:00:41  ▲",
        "     1   2.2870              30.00                      0:00:41",
        "     2   2.2870              35.00                      0:00:41  ▲",
      ])
    let figures = view.lines(on: canvas).dropFirst().joined(separator: "  ")
    #expect(figures.hasSuffix("best Acc@1 35.00 in epoch 2  ▇▁█"), "\(figures)")
  }

  @Test func `epochs that came and went between two looks are told by the log`() {
    var view = RunView()
    var state = status(1, 0)
    state.finished = finished(0, 34.2, best: 34.2)
    _ = view.look(ranks(state), at: .zero, on: canvas)
    state.finished = finished(3, 36, best: 36)
    var asked: Range<Int>?
    let kept = view.look(ranks(state), at: .zero, on: canvas) { numbers in
      asked = numbers
      return [FinishedEpoch(2, seconds: nil)]
    }
    #expect(asked == 1..<3)
    #expect(kept.map { $0.split(separator: " ").first } == ["2", "3"] && kept[0] == "     2")
  }

  @Test
  func `the average of the weights has a column where there is one, and a narrow terminal another head`() {
    var view = RunView()
    var state = status(1, 0)
    func look(_ number: Int, average: Double?, width: Int) -> [String] {
      var epoch = finished(number, 34.2, best: nil)
      (epoch.loss, epoch.accuracy5, epoch.balancedAccuracy) = (2.3, 70, 30)
      epoch.averageAccuracy1 = average
      state.finished = epoch
      let canvas = Canvas(width: width, height: 24, isUnicode: true, isColoured: true)
      return view.look(ranks(state), at: .seconds(number), on: canvas)
    }
    _ = look(0, average: nil, width: 80)
    #expect(
      look(1, average: 36.5, width: 80) == [
        " epoch     loss  test loss   Acc@1   Acc@5  balanced  EMA Acc@1       time",
        "     1   2.2870     2.3000   34.20   70.00     30.00      36.50    0:00:41",
      ])
    #expect(
      look(2, average: 36.5, width: 60) == [
        " epoch     loss  test loss   Acc@1  EMA Acc@1       time",
        "     2   2.2870     2.3000   34.20      36.50    0:00:41",
      ])
    #expect(look(3, average: nil, width: 60).count == 1, "the same head stands there")
  }

  @Test func `an epoch without an evaluation has blanks, and is none of the best`() {
    var view = RunView()
    var state = status(1, 0)
    state.finished = FinishedEpoch(0, seconds: 3725)
    #expect(
      view.look(ranks(state), at: .zero, on: canvas).last
        == "     0                                                  1:02:05")
    #expect(!view.lines(on: canvas).joined().contains("best"))
  }

  @Test func `each rank has a row while one of them lags`() {
    var view = RunView()
    _ = view.look(ranks(status(0, 10), status(0, 10), status(0, 9)), at: .zero, on: canvas)
    #expect(!view.lines(on: canvas).joined().contains("rank"))
    _ = view.look(ranks(status(0, 10), status(0, 7), status(0, 10), stopped: 2), at: .zero, on: canvas)
    #expect(
      view.lines(on: canvas, slow: [0: "42 % slower than the median"]).suffix(3) == [
        "rank   0  forward  42 % slower than the median", "rank   1  forward  3 steps behind",
        "rank   2  forward  stopped by a signal or a debugger",
      ])
    let many = (0..<40).map { RankView(rank: $0, state: status(0, $0), updates: 1, isStopped: false) }
    _ = view.look(many, at: .zero, on: canvas)
    #expect(view.lines(on: canvas).last == "and 24 ranks more")
  }

  @Test(arguments: [
    (Phase.evaluate, "evaluating"), (.checkpoint, "saving"), (.done, "done"), (.start, "starting"),
  ])
  func `what is no step is named`(phase: Phase, word: String) {
    var view = RunView()
    var state = status(0, 100)
    state.phase = phase
    _ = view.look(ranks(state), at: .zero, on: canvas)
    #expect(view.lines(on: canvas)[0].hasSuffix("100/100  \(word)"))
  }

  @Test func `the reference's lines about progress are told from others`() {
    func isTold(_ text: String) -> Bool {
      Array(text.utf8).withUnsafeBytes { ReferenceProgress.isTold(by: $0) }
    }
    for line in [
      "Epoch: [0]  [ 0/10]  eta: 0:00:01", "Epoch: [0] Total time: 0:00:01", "Test:  [0/1]",
      "* Acc@1 10.0 Acc@5 50",
      "Accuracy of the network on the 10 test images: 5.0%", "Max accuracy: 10.00%",
      "Averaged stats: lr: 0.1",
      "Test (EMA):  [0/1]", "Balanced accuracy 10.0 %", "EMA balanced accuracy 10.0 %",
      "Accuracy of the averaged network on the 10 test images: 5.0%",
    ] { #expect(isTold(line), "\(line)") }
    for line in [
      "Recipe: alt_gvt_nano", "Training time 0:01:00", "Resuming from x", "Images: 10 in 2 classes", "Epoch",
      "Never predicted: 2 of 10 classes", "EMA never predicted: 2 of 10 classes",
    ] { #expect(!isTold(line), "\(line)") }
  }

  @Test func `long lines are broken between words, and long words not at all`() {
    #expect(folded("short\n", to: 20) == "short\n")
    #expect(folded("one two three four five six\n", to: 12) == "one two\n  three four\n  five six\n")
    #expect(
      folded("logs in /a/very/long/path/of/a/run and more\n", to: 12)
        == "logs in\n  /a/very/long/path/of/a/run\n  and more\n")
    #expect(folded("   indented words of a report\n", to: 16) == "   indented\n  words of a\n  report\n")
    #expect(folded("", to: 10) == "")
  }
}
