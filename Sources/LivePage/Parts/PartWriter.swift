import Drawing
import RunControl
import System

/// Writes the parts of the page from a reading; a pure value. Unknown things are left out.
struct PartWriter {
  let reading: RunReading
  private let report: RunReport
  private var history: RunHistory { reading.history }

  init(_ reading: RunReading) {
    self.reading = reading
    report = RunReport(reading.history, reading.evaluation, at: reading.now)
  }

  /// The title for browser tabs, which begins with the outlook.
  var title: String {
    let name = history.run ?? history.output ?? history.launcher ?? ""
    return "\(Outlook(reading).word) – \(masked(name))"
  }

  /// The run's name, network and folder, as HTML.
  var name: String {
    let parts = [history.model, history.output ?? history.launcher].compactMap(\.self).map {
      "<small>\(escaped($0))</small>"
    }
    return "run" + (history.run.map { " \(escaped($0))" } ?? "") + parts.joined()
  }

  /// The HTML inside a part; empty if there is nothing to show.
  func html(_ part: LivePart) -> String {
    guard let inside = inside(part), !inside.isEmpty else { return "" }
    return (part.heading.map { "<h2>\(escaped($0))</h2>\n" } ?? "") + inside
  }

  private func inside(_ part: LivePart) -> String? {
    switch part {
    case .verdict: verdict
    case .figures: figures
    case .charts: report.charts
    case .ranks: reading.status.flatMap { RankTable($0, reading.system).html }
    case .failures: FailureList(history).html
    case .classes: report.classes
    case .confusion: report.heatMap
    case .mistakes: mistakes
    case .epochs: report.epochs(newest: Self.newestEpochs)
    case .times: report.times
    case .next: report.commands
    }
  }

  private var verdict: String {
    let outlook = Outlook(reading)
    let troubles = outlook.troubles.prefix(Self.mostTroubles).map { "<li>\(escaped($0))</li>" }
    let more = outlook.troubles.count - troubles.count
    let list = troubles + (more > 0 ? ["<li>and \(more) more</li>"] : [])
    return "<p class=\"verdict \(outlook.mood.rawValue)\"><b>\(escaped(outlook.word))</b> "
      + "<span>\(escaped(outlook.sentence))</span></p>"
      + (list.isEmpty ? "" : "\n<ul class=\"troubles\">\(list.joined())</ul>")
  }

  private static let (mostTroubles, newestEpochs) = (8, 12)

  private var figures: String {
    let status = reading.status
    let rate = history.log.last?.learningRate
    let loss = status?.loss ?? history.loss
    let speed =
      status?.imagesPerSecond ?? (history.ending == .running ? nil : history.steps.last?.imagesPerSecond)
    let tiles = [
      Tile("best Acc@1", history.best.map { "\(decimal($0.accuracy, 2)) %" }),
      Tile("in epoch", history.best.map { "\($0.epoch)" }),
      Tile("last Acc@1", history.log.last?.accuracy1.map { "\(decimal($0, 2)) %" }),
      Tile("best of the average", history.bestAverage.map { "\(decimal($0.accuracy, 2)) %" }),
      Tile("loss", loss.map { decimal($0, 4) }),
      Tile("learning rate", (history.steps.last?.learningRate ?? rate).map(significant)),
      Tile("images/s", speed.map { decimal($0, $0 < 100 ? 1 : 0) }),
      Tile("epochs done", history.epochsDone.map { "\($0)" + (history.epochs.map { " of \($0)" } ?? "") }),
      Tile("this epoch ends in", reading.restOfEpoch?.text),
      Tile("the run ends in", reading.restOfRun?.text),
      Tile(
        history.ending == .running ? "running for" : "took",
        history.seconds(at: reading.now).map { elapsed(.seconds($0)) }),
      Tile("workers", history.workers.map { "\($0)" }),
      Tile("processors busy", reading.system.flatMap(busyText)),
      Tile("memory taken", reading.system.flatMap(memoryText)),
      Tile("restarts", history.restarts > 0 ? "\(history.restarts)" : nil, isBad: true),
      Tile("classes never predicted", reading.evaluation?.neverPredictedText, isBad: true),
    ]
    return bar + Tile.grid(tiles)
  }

  private func busyText(_ system: SystemUse) -> String? {
    system.busy.map { "\(decimal($0, 1)) of \(system.processors)" }
  }

  private func memoryText(_ system: SystemUse) -> String? {
    func gigabytes(_ bytes: Int) -> String { decimal(Double(bytes) / Double(1 << 30), 1) }
    guard let taken = system.memoryTaken, let all = system.memory else { return nil }
    return "\(gigabytes(taken)) of \(gigabytes(all)) GB"
  }

  /// A progress bar of the run, in epochs and steps of the current one.
  private var bar: String {
    guard history.ending == .running, let epochs = history.epochs, epochs > 0 else { return "" }
    let part = reading.status.flatMap { status -> Double? in
      guard let epoch = status.epoch, let step = status.step, let steps = status.stepsOfEpoch, steps > 0
      else {
        return nil
      }
      return Double(epoch) + Double(step) / Double(steps)
    }
    guard let done = part ?? history.epochsDone.map(Double.init) else { return "" }
    let share = decimal(100 * min(1, done / Double(epochs)), 1)
    return
      "<p class=\"bar\"><progress max=\"100\" value=\"\(share)\" aria-label=\"of the run\"></progress> \(share) %</p>\n"
  }

  private var mistakes: String? {
    MistakeGrid.html(reading.mistakes.map(\.note)) { number in
      reading.mistakes[number].isShown ? "image/\(number)" : nil
    }
  }
}
