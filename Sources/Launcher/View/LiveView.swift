import Drawing
import FoundationEssentials
import RunControl
import System
import SystemPackage
import WorkerLink

/// The live view of a run on a terminal: reads the ranks' status a few times a second and has the console
/// draw it.
struct LiveView: Sendable {
  private var view = RunView()
  private let output: String
  private let environment: [String: String]
  /// The terminal's width when it was last measured.
  private(set) var columns: Int
  /// When to look next, as the time since the supervisor started.
  private(set) var nextLook = Duration.zero

  private static let pause = Duration.milliseconds(250)

  /// The width of stdout's terminal; nil where it is no terminal, or one that cannot be drawn on.
  static func columns(_ environment: [String: String]) -> Int? {
    let canvas = Canvas.standardOutput(environment)
    guard canvas.height != nil, canvas.isColoured, environment["TERM"]?.isEmpty == false else { return nil }
    return canvas.width
  }

  /// Nil where stdout is no drawable terminal, or the user wants plain lines.
  ///
  /// - Parameter output: The run's output folder.
  init?(of output: String, _ environment: [String: String]) {
    guard let columns = Self.columns(environment) else { return nil }
    (self.output, self.environment, self.columns) = (output, environment, columns)
  }

  /// Prints the epochs finished so far, before a line is passed on that was written after them.
  mutating func sayEpochs(of attempt: Attempt, at now: Duration, on console: inout Console) {
    guard let (state, updates) = attempt.liveness?.read(0) else { return }
    let rank = RankView(rank: 0, state: state, updates: updates, isStopped: false)
    look([rank], at: now, measure(&console), console: &console)
  }

  /// Draws the attempt's state when a look is due.
  mutating func draw(_ attempt: Attempt, at now: Duration, on console: inout Console) {
    guard now >= nextLook, console.canDraw, let liveness = attempt.liveness else { return }
    nextLook = now + Self.pause
    let canvas = measure(&console)
    look(liveness.views(of: attempt.workers.values), at: now, canvas, console: &console)
    let slow = Dictionary(liveness.currentStragglers.map { ($0.rank, $0.summary) }) { first, _ in first }
    console.keepAtBottom(view.lines(on: canvas, slow: slow), width: canvas.width)
  }

  /// Prints what came since the last look, and erases the drawn lines.
  mutating func end(_ attempt: Attempt, at now: Duration, on console: inout Console) {
    sayEpochs(of: attempt, at: now, on: &console)
    console.clearBottom()
  }

  /// The terminal's present size, so that no line exceeds a terminal that was made narrower.
  private mutating func measure(_ console: inout Console) -> Canvas {
    let canvas = Canvas.standardOutput(environment)
    columns = canvas.width
    console.columns = columns
    return canvas
  }

  private mutating func look(
    _ ranks: [RankView], at now: Duration, _ canvas: Canvas, console: inout Console
  ) {
    let log = "\(output)/\(RunLayout.epochs)"
    let lines = view.look(ranks, at: now, on: canvas) { numbers in
      let bytes = (try? RegularFile.contents(of: FilePath(log))) ?? []
      return EpochLog(bytes).lines.filter { numbers.contains($0.epoch) }.map(FinishedEpoch.init)
    }
    for line in lines { console.say(line) }
  }

  /// The run's results, how it ended and how to continue, once it is over.
  var summary: String? {
    let canvas = Canvas.standardOutput(environment)
    return RunFolder(output)?.historyOfEnded.text(
      at: Date().timeIntervalSince1970, width: canvas.width, canvas.sparkline)
  }
}

extension FinishedEpoch {
  /// The figures in an epoch's log line.
  fileprivate init(_ line: EpochLog.Line) {
    self.init(line.epoch, seconds: nil)
    (trainingLoss, loss) = (line.trainLoss, line.testLoss)
    (accuracy1, accuracy5, balancedAccuracy) = (line.accuracy1, line.accuracy5, line.balancedAccuracy)
    averageAccuracy1 = line.averageAccuracy1
  }
}
