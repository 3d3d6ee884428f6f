import Checkpoint
import Drawing
import Recipe
import System
import SystemPackage
import Training

/// The results of a learning rate test, for the terminal and as files.
///
/// Pure except for `write`.
struct RateReport {
  let trial: RateTrial
  /// The factor from `--lr` to an update's rate.
  let scale: Double
  /// The head's rate relative to the others', if it has its own.
  private let headShare: Double?
  /// The command line that trains, without the rates.
  private let command: [String]

  /// The files in the output folder.
  static let (table, page) = ("lr-find.csv", "lr-find.html")
  private static let height = 12

  /// Reports on the run that `arguments`, with or without a subcommand, would have been without `--lr-find`.
  ///
  /// - Parameter folder: Where that run should write instead, if another run has its folder; otherwise nil.
  init(
    _ trial: RateTrial, _ recipe: Recipe, arguments: [String], isLaunched: Bool, into folder: String? = nil
  ) {
    self.trial = trial
    headShare = recipe.tuning.headRate.map { $0 / recipe.schedule.rate }
    scale = recipe.schedule.base / recipe.schedule.rate
    let program = isLaunched ? ["twins-launch", "--nproc", "\(recipe.worldSize)"] : ["twins-worker"]
    command =
      program + Self.training(arguments, without: folder == nil ? [] : ["--output-dir"])
      + (folder.map { ["--output-dir", $0] } ?? [])
  }

  /// The training flags of a command line, except those in question.
  private static func training(_ arguments: [String], without more: [String]) -> [String] {
    let flags = arguments.first == "train" ? arguments.dropFirst() : arguments[...]
    var kept: [String] = []
    var isOver = false
    for word in flags {
      if word.hasPrefix("--") {
        let name = String(word.prefix { $0 != "=" }).replacing("_", with: "-")
        isOver = (["--lr", "--head-lr", "--lr-find", "--lr-find-steps"] + more).contains(name)
      }
      if !isOver { kept.append(word) }
    }
    return kept
  }

  /// A line about an update.
  static func line(_ point: RateTrial.Point, _ number: Int, of all: Int) -> String {
    let count = String(repeating: " ", count: max(0, "\(all)".count - "\(number)".count)) + "\(number)"
    return "Rate: [\(count)/\(all)]  lr: \(scientific(point.rate))  "
      + "loss: \(decimal(point.loss, 4)) (\(decimal(point.smoothed, 4)))"
  }

  /// The suggested value of `--lr`, with two digits; nil if the loss never fell.
  var suggestion: String? { trial.suggestion.map { "\(Self.rounded($0 / scale))" } }

  /// The flags for that value: the head keeps its relative rate.
  private var flags: [String]? {
    guard let suggestion, let rate = Double(suggestion) else { return nil }
    return ["--lr", suggestion] + (headShare.map { ["--head-lr", "\(Self.rounded(rate * $0))"] } ?? [])
  }

  private static func rounded(_ rate: Double) -> Double { Double(scientific(rate, digits: 1)) ?? rate }

  /// The updates to draw: once the loss stays above its start, the rest would flatten the curve.
  private var drawn: ArraySlice<RateTrial.Point> {
    guard let first = trial.points.first,
      let left = trial.points.lastIndex(where: { $0.smoothed <= first.smoothed })
    else { return trial.points[...] }
    return trial.points.prefix(left + 2)
  }

  private func curve(_ loss: (RateTrial.Point) -> Double) -> [CurvePoint] {
    drawn.enumerated().map { CurvePoint(x: Double($0), y: loss($1)) }
  }

  /// The curve, and the suggestion.
  func lines(on canvas: Canvas) -> [String] {
    let axis = Plot.Axis(
      name: "rate (logarithmic)", left: scientific(drawn.first?.rate ?? 0),
      right: scientific(drawn.last?.rate ?? 0))
    let plot = Plot(
      "smoothed loss while the rate rises", [Plot.Series(letter: "o", points: curve(\.smoothed))])
    return (plot?.lines(on: canvas, height: Self.height, across: axis) ?? []) + conclusions
  }

  private var conclusions: [String] {
    guard let flags, let steepest = trial.suggestion, let least = trial.least else {
      return ["No rate is suggested: the loss fell at none of them, or too few updates were made"]
    }
    return [
      "The loss falls fastest at a rate of \(scientific(steepest)), and is least at \(scientific(least))"
        + (scale == 1 ? "" : "; a rate is \(significant(scale)) × --lr here (--no-lr-scaling)"),
      "Suggested  \(flags.joined(separator: " "))"
        + (headShare.map { ": the head learns \(significant($0)) times as fast as the rest, as it did here" }
          ?? ""),
      "Train      \(shellQuoted(command + flags))",
    ]
  }
}

/// The files.
extension RateReport {
  /// One line for each update.
  var csv: String {
    "update,rate,loss,smoothed_loss\n"
      + trial.points.enumerated().map { "\($0 + 1),\($1.rate),\($1.loss),\($1.smoothed)\n" }.joined()
  }

  /// The curve as a page.
  var html: String {
    var page = Page(title: "What the loss does while the rate rises")
    let ticks = stride(from: 0, to: drawn.count, by: max(1, drawn.count / 5)).map {
      (at: Double($0), label: scientific(drawn[$0].rate))
    }
    let curves = [
      Chart.Series(name: "smoothed", points: curve(\.smoothed)),
      Chart.Series(name: "each update", points: curve(\.loss), isFaint: true),
    ]
    page.add("Loss over the rate", Chart("loss", curves, across: "rate", ticks: ticks)?.html)
    page.add("What it suggests", conclusions.map { "<p>\(escaped($0))</p>" }.joined(separator: "\n"))
    return page.text
  }

  /// Writes both files to a folder.
  func write(to folder: OutputFolder) throws(Failure) {
    try folder.make()
    do {
      try AtomicFile.write(csv, to: folder.file(Self.table))
      try AtomicFile.write(html, to: folder.file(Self.page))
    } catch {
      throw Failure(error)
    }
  }
}
