import Drawing
import RunControl
import System
import WorkerLink

/// The text of a run on a terminal: a line per finished epoch, and below them the current state.
///
/// Pure: the caller passes the ranks' status and the time, and gets lines.
struct RunView: Sendable {
  private var pace = RunPace()
  /// The top-1 accuracy of each evaluated epoch seen so far.
  private var accuracies: [Double] = []
  private var best: (accuracy: Double, epoch: Int)?
  /// The best top-1 accuracy of the run; nil where it is not known.
  private var highest: Double?
  /// The last epoch with a line, or the one before the first epoch seen.
  private var lastEpoch: Int?
  /// The heading above the epochs' lines.
  private var head: String?
  /// Whether any epoch had averaged weights.
  private var hasAverage = false
  private var first: WorkerStatus?
  private var ranks: [RankView] = []

  /// Beyond this many, rows of ranks are only counted.
  private static let mostRanks = 16

  /// Takes in the ranks' status at a moment; returns the lines of epochs that have finished.
  ///
  /// - Parameter missed: Epochs that began and ended between two looks, from the epochs' log.
  mutating func look(
    _ ranks: [RankView], at now: Duration, on canvas: Canvas,
    missed: (Range<Int>) -> [FinishedEpoch] = { _ in [] }
  ) -> [String] {
    self.ranks = ranks
    first = ranks.first { $0.rank == 0 }?.state
    guard let status = first else { return [] }
    pace.look(status, at: now)
    if lastEpoch == nil, status.finished == nil { lastEpoch = status.epoch.map { $0 - 1 } }
    if lastEpoch == -1 { highest = -.infinity }
    guard let epoch = status.finished, epoch.number != lastEpoch else { return [] }
    let between = lastEpoch.map { $0 + 1 < epoch.number ? missed($0 + 1..<epoch.number) : [] } ?? []
    lastEpoch = epoch.number
    let told = between.map(judged) + [epoch]
    hasAverage = hasAverage || told.contains { $0.averageAccuracy1 != nil }
    let row = EpochRow(on: canvas, hasAverage: hasAverage)
    // A terminal of another width shows other columns.
    defer { head = row.head }
    return (row.head == head ? [] : [row.head]) + told.map { note($0, row) }
  }

  /// Marks whether an epoch known only from its log is the best so far, which the log does not say.
  private func judged(_ epoch: FinishedEpoch) -> FinishedEpoch {
    var epoch = epoch
    if let highest, let accuracy = epoch.accuracy1 { epoch.isBest = accuracy > highest }
    return epoch
  }

  private mutating func note(_ epoch: FinishedEpoch, _ row: EpochRow) -> String {
    if let known = epoch.best ?? (epoch.isBest ? epoch.accuracy1 : nil) { highest = known }
    if let accuracy = epoch.accuracy1 {
      accuracies.append(accuracy)
      if epoch.isBest { best = (accuracy, epoch.number) }
    }
    return row.line(epoch)
  }

  /// Returns the lines of the run's current state.
  ///
  /// - Parameter slow: The ranks that hold the others up, with a text for each.
  func lines(on canvas: Canvas, slow: [Int: String] = [:]) -> [String] {
    guard let status = first, status.epoch != nil else { return [] }
    let late = laggards(slow)
    let moves = late.isEmpty
    return [bar(status, moves, on: canvas)] + wrapped(figures(status, moves, on: canvas), to: canvas.width)
      + late
  }

  private func bar(_ status: WorkerStatus, _ moves: Bool, on canvas: Canvas) -> String {
    let epoch = status.epoch ?? 0
    let name = "epoch \(epoch)" + (status.epochs.map { " (\(epoch + 1) of \($0))" } ?? "")
    let part = status.stepsOfEpoch == 0 ? 0 : Double(status.step) / Double(status.stepsOfEpoch)
    let tail =
      " \(padded("\(Int(part * 100))", 3)) %  \(status.step)/\(status.stepsOfEpoch)  \(rest(status, moves))"
    let room = max(0, min(60, canvas.width - name.count - tail.count - 2))
    return room < 4 ? name + " " + tail : "\(name) \(ProgressBar(part).text(room, on: canvas))\(tail)"
  }

  /// What the run does apart from training, or when the epoch's steps will be done, which is unknown while a
  /// rank holds the others up.
  private func rest(_ status: WorkerStatus, _ moves: Bool) -> String {
    switch status.phase {
    case .start: return "starting"
    case .evaluate: return "evaluating"
    case .checkpoint: return "saving"
    case .done: return "done"
    case .data, .forward, .backward, .communicate, .optimizer:
      return moves ? pace.restOfEpoch(status).map { "eta \($0.text)" } ?? "" : ""
    }
  }

  private func figures(_ status: WorkerStatus, _ moves: Bool, on canvas: Canvas) -> [String] {
    [
      status.loss.map { "loss \(decimal($0, 4))" },
      status.learningRate.map { "lr \(scientific($0))" },
      moves ? status.imagesPerSecond.map { "\(decimal($0, $0 < 100 ? 1 : 0)) images/s" } : nil,
      Self.dataShare(status).map { "data \($0) %" },
      moves ? pace.restOfRun(status).map { "run ends in \($0.text)" } : nil,
      best.map { "best Acc@1 \(decimal($0.accuracy, 2)) in epoch \($0.epoch)" },
      accuracies.count > 1 ? canvas.sparkline(accuracies, width: 20) : nil,
    ].compactMap(\.self)
  }

  /// A row for each rank while one of them lags.
  private func laggards(_ slow: [Int: String]) -> [String] {
    let most = ranks.map(\.state.stepsDone).max() ?? 0
    let isLagging = ranks.contains { $0.isStopped || most - $0.state.stepsDone > 1 || slow[$0.rank] != nil }
    guard isLagging else { return [] }
    let rows = ranks.prefix(Self.mostRanks).map { rank in
      let behind = most - rank.state.stepsDone
      let notes = [
        rank.isStopped ? "stopped by a signal or a debugger" : nil,
        behind > 0 ? "\(counted(behind, "step")) behind" : nil, slow[rank.rank],
      ].compactMap(\.self)
      return "rank \(padded("\(rank.rank)", 3))  \(rank.state.phase.name)  " + notes.joined(separator: ", ")
    }
    let more = ranks.count - rows.count
    return rows + (more > 0 ? ["and \(counted(more, "rank")) more"] : [])
  }

  /// The percentage of step time spent waiting for images; nil before there is any.
  private static func dataShare(_ status: WorkerStatus) -> Int? {
    let phases: [Phase] = [.data, .forward, .backward, .communicate, .optimizer]
    let all = phases.reduce(0) { $0 + status.time(in: $1) }
    return all == 0 ? nil : Int((Double(status.time(in: .data)) / Double(all) * 100).rounded())
  }

  /// Joins the items into lines of at most `width` characters.
  private func wrapped(_ items: [String], to width: Int) -> [String] {
    items.reduce(into: [String]()) { lines, item in
      guard let last = lines.last, last.count + 2 + item.count <= width else { return lines.append(item) }
      lines[lines.count - 1] = last + "  " + item
    }
  }
}

/// The line of a finished epoch; unknown figures are left blank.
struct EpochRow: Sendable {
  private let columns: [Column]
  private let mark: String

  private struct Column {
    let title: String
    let width: Int
    let text: @Sendable (FinishedEpoch) -> String
  }

  private static let all = [
    Column(title: "epoch", width: 6) { "\($0.number)" },
    Column(title: "loss", width: 9) { figure($0.trainingLoss, 4) },
    Column(title: "test loss", width: 11) { figure($0.loss, 4) },
    Column(title: "Acc@1", width: 8) { figure($0.accuracy1, 2) },
    Column(title: "Acc@5", width: 8) { figure($0.accuracy5, 2) },
    Column(title: "balanced", width: 10) { figure($0.balancedAccuracy, 2) },
    Column(title: average, width: 11) { figure($0.averageAccuracy1, 2) },
    Column(title: "time", width: 11) { $0.seconds.map { clockTime(seconds: Int($0.rounded())) } ?? "" },
  ]
  private static let average = "EMA Acc@1"
  /// The columns that a narrow terminal drops, the first of these first.
  private static let spare = ["balanced", "Acc@5", "test loss", average]
  private static let markWidth = 3

  /// - Parameter hasAverage: Whether to show a column for averaged weights.
  init(on canvas: Canvas, hasAverage: Bool) {
    let all = Self.all.filter { hasAverage || $0.title != Self.average }
    columns = Self.spare.reduce(all) { columns, title in
      columns.reduce(Self.markWidth) { $0 + $1.width } <= canvas.width
        ? columns : columns.filter { $0.title != title }
    }
    mark = canvas.isUnicode ? "  ▲" : "  *"
  }

  var head: String { columns.map { padded($0.title, $0.width) }.joined() }

  func line(_ epoch: FinishedEpoch) -> String {
    let line = columns.map { padded($0.text(epoch), $0.width) }.joined()
    if epoch.isBest { return line + mark }
    return String(line.prefix(upTo: line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex))
  }

  private static func figure(_ value: Double?, _ digits: Int) -> String {
    value.map { decimal($0, digits) } ?? ""
  }
}

/// A progress bar.
struct ProgressBar: Equatable {
  private let part: Double

  /// A bar for a fraction from 0 to 1.
  init(_ part: Double) { self.part = min(1, max(0, part)) }

  func text(_ width: Int, on canvas: Canvas) -> String {
    let halves = Int(part * Double(2 * width))
    let (full, half, empty) = canvas.isUnicode ? ("━", "╸", "─") : ("#", "", "-")
    let bar = String(repeating: full, count: halves / 2) + (halves % 2 == 1 ? half : "")
    return bar + String(repeating: empty, count: width - bar.count)
  }
}

/// Pads the text with blanks on the left.
private func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}
