/// The view of a run while it runs: looks at its ranks a few times a second, and has the console draw it.
struct LiveView: Sendable {
  private var view = RunView()
  private let environment: [String: String]
  /// The terminal's, when it was looked at last.
  private(set) var columns: Int
  /// When to look next, since the supervisor was made.
  private(set) var nextLook = Duration.zero

  private static let pause = Duration.milliseconds(250)

  /// Nil where standard output goes to no terminal, or the user wants plain lines.
  init?(_ environment: [String: String]) {
    let canvas = Canvas.standardOutput(environment)
    guard canvas.height != nil, canvas.isColoured, environment["TERM"]?.isEmpty == false else { return nil }
    (self.environment, columns) = (environment, canvas.width)
  }

  /// Draws how the attempt stands, where it is time to.
  mutating func draw(_ attempt: Attempt, at now: Duration, on console: inout Console) {
    guard now >= nextLook, console.canDraw, let liveness = attempt.liveness else { return }
    nextLook = now + Self.pause
    let canvas = Canvas.standardOutput(environment)
    columns = canvas.width
    console.columns = columns
    let ranks = liveness.views(of: attempt.workers.values)
    for line in view.look(ranks, at: now, on: canvas) { console.say(line) }
    let slow = Dictionary(liveness.currentStragglers.map { ($0.rank, $0.summary) }) { first, _ in first }
    console.keepAtBottom(view.lines(on: canvas, slow: slow), width: canvas.width)
  }

  /// Says what came since the last look, and leaves the terminal as it was found.
  mutating func end(_ attempt: Attempt, at now: Duration, on console: inout Console) {
    if let (state, updates) = attempt.liveness?.read(0) {
      let rank = RankView(rank: 0, state: state, updates: updates, isStopped: false)
      for line in view.look([rank], at: now, on: .standardOutput(environment)) { console.say(line) }
    }
    console.clearBottom()
  }
}
