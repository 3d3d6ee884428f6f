import Foundation
import TestSupport
import Testing

@testable import LivePage
@testable import RunControl

/// What is shown of a run, from what is known of it alone.
@Suite struct PartTests {
  private let hostile = "<img src=x onerror=\"alert('1')\">"

  private func reading(_ traces: RunTraces) -> RunReading {
    RunReading(RunHistory(traces, host: "here"), at: 2000)
  }

  // Its Acc@1 does not fall.
  private func running(_ ranks: [RunStatus.Rank] = [], state: RunStatus.State = .running) -> RunReading {
    var traces = RunTraces.trained(epochs: 2, of: 5, ending: nil)
    traces.isAlive = true
    traces.log = Array(
      (0..<2).map { "{\"epoch\": \($0), \"test_acc1\": \(10 + $0), \"train_loss\": 2}\n" }.joined().utf8)
    var reading = reading(traces)
    reading.status = RunStatus(
      run: "r1", attempt: 0, launcher: 7, state: state, uptimeSeconds: 10, epoch: 2, step: 5,
      stepsOfEpoch: 10,
      loss: 1.25, imagesPerSecond: 812, healthy: true, ranks: ranks)
    return reading
  }

  @Test func `a run that goes well says so first, and how far it is`() {
    let reading = running()
    let outlook = Outlook(reading)
    #expect(outlook.mood == .good && outlook.word == "Running" && outlook.troubles.isEmpty)
    #expect(outlook.sentence == "epoch 2 (3 of 5), step 5 of 10")
    let figures = PartWriter(reading).html(.figures)
    #expect(figures.contains("<progress max=\"100\" value=\"50.0\""))
    #expect(
      figures.contains("<b>812</b><small>images/s</small>")
        && figures.contains("<b>1.2500</b><small>loss</small>"))
    #expect(PageState(reading, after: nil).document.contains("<title>Running – r1</title>"))
  }

  @Test func `trouble is named, the ranks that have it first`() {
    var reading = running([
      RunStatus.Rank(rank: 0, state: .running, phase: "communicate", seconds: 3, step: 5, restarts: 0),
      RunStatus.Rank(rank: 1, state: .stuck, phase: "backward", seconds: 300, step: 4, restarts: 0),
      RunStatus.Rank(rank: 2, state: .running, step: 5, restarts: 0, slow: "it takes twice as long"),
    ])
    reading.isSilent = true
    let outlook = Outlook(reading)
    #expect(outlook.mood == .attention)
    #expect(
      outlook.troubles == [
        "its launcher does not answer", "rank 1 is stuck in backward", "rank 2: it takes twice as long",
      ])
    let table = PartWriter(reading).html(.ranks)
    #expect(
      table.contains("<td>1</td><td>stuck</td><td>backward</td><td>300.0 s</td><td>4</td><td>1 step</td>"))
    #expect(table.range(of: "<td>1</td>")!.lowerBound < table.range(of: "<td>0</td>")!.lowerBound)
    #expect(!table.contains("max memory"), "nobody has a card")
  }

  @Test func `a run that has lost what it knew is no good one`() {
    var reading = running()
    var traces = RunTraces.trained(epochs: 2, of: 5, ending: nil)
    traces.isAlive = true
    traces.log = Array(
      (0..<2).map { "{\"epoch\": \($0), \"test_acc1\": \($0 == 0 ? 86 : 17.5)}\n" }.joined().utf8)
    reading.history = RunHistory(traces, host: "here")
    #expect(Outlook(reading).troubles == ["Acc@1 was 86.00 % in epoch 0, and is 17.50 % in epoch 1"])
  }

  @Test(arguments: [(0, Outlook.Mood.good, "Done"), (75, .attention, "Stopped early"), (79, .bad, "Failed")])
  func `how it ended is said in a word`(status: Int, mood: Outlook.Mood, word: String) {
    let outlook = Outlook(reading(.trained(epochs: 3, of: 3, ending: status)))
    #expect(outlook.mood == mood && outlook.word == word)
  }

  @Test func `what is not known is not there, of a run of nothing or of two steps`() {
    var nothing = RunTraces(output: "out")
    nothing.recipe = Array("{}".utf8)
    var short = RunTraces(output: "out")
    short.steps = StepLines(
      Array(
        #"{"epoch": 0, "step": 1, "epoch_step": 1, "loss": 2.5}"#.utf8 + [10]
          + #"{"epoch": 0, "step": 2, "epoch_step": 2, "loss": 2.25}"#.utf8 + [10]))
    for traces in [nothing, short] {
      let document = PageState(reading(traces), after: nil).document
      #expect(!document.contains(#/\b(nan|inf|nil|Optional)\b/#))
      #expect(
        !document.contains("best Acc@1") && !document.contains("images/s") && !document.contains("<td>"))
    }
    #expect(PartWriter(reading(short)).html(.charts).contains("<polyline"))
    #expect(PartWriter(reading(nothing)).html(.charts).isEmpty)
  }

  @Test func `names are text, and nothing else, wherever they come from`() throws {
    var traces = RunTraces.trained(epochs: 2, of: 2)
    traces.output = hostile
    traces.journal = Array(
      #"{"began":1000,"run":"<script>x</script>","host":"</title><script>","launcher":1,"workers":2}"#.utf8
        + [10]
        + #"{"failed":1001,"attempt":0,"reason":"</section><script>"}"#.utf8 + [10])
    var reading = reading(traces)
    reading.evaluation = evaluation(classes: 2)
    reading.mistakes = [
      Mistake(
        note: EvaluationNote.Mistake(path: hostile, label: hostile, predicted: hostile, confidence: 0.5),
        kind: .png)
    ]
    reading.status = RunStatus(
      run: hostile, attempt: 0, launcher: 1, state: .running, uptimeSeconds: 1, healthy: true,
      ranks: [
        RunStatus.Rank(rank: 0, state: .running, phase: hostile, restarts: 0, card: hostile, slow: hostile)
      ])
    let document = PageState(reading, after: nil).document
    #expect(!document.contains("<img src=x") && !document.contains("<script>"))
    #expect(document.components(separatedBy: "<script").count == 2, "our own")
    #expect(document.contains("src=\"image/0\"") && document.contains("&lt;img src=x"))
    // The policy lets none of these through.
    let attribute = #/<\w+(\s+[\w-]+(="[^"]*")?)*\s+(style|on\w+)=/#
    #expect(!document.contains(attribute))
  }

  private func evaluation(classes: Int) -> EvaluationNote {
    let entries = (0..<classes).map {
      EvaluationNote.Class(
        name: "\(hostile)\($0)", images: 10, predicted: 10, recall: 0.5, precision: nil)
    }
    return EvaluationNote(
      images: 10 * classes, classCount: classes, classes: entries, neverPredictedCount: 1,
      neverPredicted: [hostile], confusions: [],
      confusion: ConfusionTable(wrong: [(label: 0, predicted: 1, images: 3)], right: [2]) { _ in hostile },
      mistakes: [])
  }

  @Test func `ten thousand classes, two thousand ranks and thirty restarts are a page of some pages`() throws
  {
    var reading = running((0..<2048).map { RunStatus.Rank(rank: $0, state: .running, step: 5, restarts: 0) })
    reading.evaluation = evaluation(classes: 10_000)
    var traces = RunTraces.trained(epochs: 2, of: 2, ending: nil)
    for attempt in 0..<30 {
      traces.journal += Array(
        "{\"failed\":1001,\"attempt\":\(attempt),\"reason\":\"number \(attempt)\"}\n".utf8)
    }
    let failures = PartWriter(self.reading(traces)).html(.failures)
    #expect(
      failures.contains("number 29") && !failures.contains("number 9<") && failures.contains("and 19 earlier")
    )
    let document = PageState(reading, after: nil).document
    #expect(document.utf8.count < 200_000)
    #expect(document.contains("and 1984 ranks more"))
  }

  @Test func `a run of one class has a heat map of one cell`() throws {
    var reading = running()
    reading.evaluation = EvaluationNote(
      images: 7, classCount: 1, classes: [], neverPredictedCount: 0, neverPredicted: [], confusions: [],
      confusion: ConfusionTable(wrong: [], right: [7]) { _ in "only" }, mistakes: [])
    #expect(PartWriter(reading).html(.confusion).components(separatedBy: "<rect").count == 2)
  }

  @Test func `only what has changed is sent again, and to a newcomer all that he lacks`() {
    let first = PageState(running(), after: nil)
    var later = running()
    later.now += 1
    later.status?.loss = 1.125
    let second = PageState(later, after: first)
    #expect(second.version > first.version)
    let events = second.events(since: first.version)
    #expect(
      events.contains("data: figures") && !events.contains("data: charts") && !events.contains("data: title"))
    #expect(events.contains("id: \(second.version)"))
    #expect(second.events(since: second.version).isEmpty)
    #expect(LivePart.allCases.allSatisfy { second.events(since: 0).contains("data: \($0.rawValue)\n") })
    let lines = events.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(
      lines.allSatisfy { $0.isEmpty || $0.contains(#/^(event|data|id): /#) },
      "no line of ours breaks an event")
  }

  @Test func `figures for Prometheus are those that are known`() {
    let text = RunMetrics(running()).text
    #expect(
      text.contains("twins_loss{run=\"out\"} 1.25\n") && text.contains("# TYPE twins_updates_total counter\n")
    )
    #expect(text.contains("twins_epoch_progress_ratio{run=\"out\"} 0.5\n") && !text.contains("ema"))
    #expect(RunMetrics(reading(RunTraces(output: "out"))).text.isEmpty)
  }

  @Test func `figures of cards are those of each rank's`() {
    let hot = CardReading(celsius: 83, watts: 412.5, slowdowns: [.heat], memoryErrors: 2, xids: [79])
    let text = RunMetrics(
      running([
        RunStatus.Rank(
          rank: 0, state: .running, restarts: 0, card: "cuda:0", cardReading: CardReading(celsius: 60)),
        RunStatus.Rank(rank: 1, state: .running, restarts: 0, card: "cuda:1", cardReading: hot),
        RunStatus.Rank(rank: 2, state: .running, restarts: 0),
      ])
    ).text
    let labels = (0..<2).map { "{run=\"out\",rank=\"\($0)\",card=\"cuda:\($0)\"}" }
    #expect(
      text.contains(
        "# TYPE twins_card_temperature_celsius gauge\ntwins_card_temperature_celsius\(labels[0]) 60.0\n"
          + "twins_card_temperature_celsius\(labels[1]) 83.0\n"))
    for line in ["power_watts\(labels[1]) 412.5", "slowed\(labels[1]) 1.0", "xids\(labels[1]) 1.0"] {
      #expect(text.contains("\ntwins_card_\(line)\n"), "\(text)")
    }
    #expect(!text.contains("twins_card_power_watts\(labels[0])"))
    #expect(!RunMetrics(running()).text.contains("twins_card"))
  }

  @Test func `the average has every figure that the weights have`() {
    var traces = RunTraces.trained(epochs: 1, of: 5, ending: nil)
    traces.log = Array(
      #"""
      {"epoch": 0, "test_acc1": 10, "test_loss_ema": 1.5, "test_acc1_ema": 21.0, "test_acc5_ema": 62.5, "test_balanced_acc_ema": 19.25}

      """#.utf8)
    let text = RunMetrics(reading(traces)).text
    for figure in ["acc1_percent", "acc5_percent", "loss", "balanced_acc_percent", "best_acc1_percent"] {
      #expect(text.contains("# TYPE twins_eval_ema_\(figure) gauge"))
    }
    #expect(text.contains("twins_eval_ema_loss{run=\"out\"} 1.5\n"))
    #expect(text.contains("twins_eval_ema_balanced_acc_percent{run=\"out\"} 19.25\n"))
    #expect(text.contains("twins_eval_ema_acc5_percent{run=\"out\"} 62.5\n"))
  }
}
