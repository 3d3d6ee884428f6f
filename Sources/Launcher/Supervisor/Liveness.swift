import Glibc
import RunControl
import System
import WorkerLink

/// Watches the status board of one attempt.
final class Liveness {
  /// The board's file, for the workers to inherit.
  var descriptor: CInt { board.descriptor }
  /// The board, with an entry for each rank of this host.
  private let board: StatusBoard
  /// When to look next, as the time since the supervisor was made.
  private(set) var nextLook = Duration.zero

  /// The ranks of this host.
  private let ranks: Range<Int>
  private var hangs: HangWatch
  private var stragglers = StragglerWatch()
  private var lastLook = Duration.zero
  /// Whether all stacks had been written at the last check.
  private var wereWritten = false

  /// The time between two looks while stacks are being written.
  private static let shortInterval = Duration.milliseconds(20)

  /// Makes the board.
  init(ranks: Range<Int>, of worldSize: Int, budgets: HangBudgets) throws(LaunchError) {
    guard let board = StatusBoard(ranks: ranks.count) else {
      throw LaunchError(call: "memfd_create", errno: errno)
    }
    self.board = board
    self.ranks = ranks
    hangs = HangWatch(budgets, seesAll: ranks.count == worldSize)
  }

  /// Makes the watch of an attempt; nil where none is kept.
  static func make(_ launch: Launch) throws(LaunchError) -> Liveness? {
    guard let budgets = launch.budgets else { return nil }
    return try Liveness(ranks: launch.ranks, of: launch.worldSize, budgets: budgets)
  }

  /// A counter that grows when all ranks make progress: the least number of updates of any rank.
  var movement: Int {
    ranks.map { read($0)?.updates ?? 0 }.min() ?? 0
  }

  /// Records the start of a worker before it runs.
  func begin(_ rank: Int, at moment: UInt64) {
    board.begin(rank: rank - ranks.lowerBound, at: moment)
  }

  /// What a rank of this host said last, and how often it said anything.
  func read(_ rank: Int) -> (state: WorkerStatus, updates: Int)? {
    board.read(rank: rank - ranks.lowerBound)
  }

  /// Tells this host's workers that a rank of another one has failed.
  func note(failureOf rank: Int) {
    if !ranks.contains(rank) { board.note(failureElsewhere: rank) }
  }

  /// What one look found.
  struct Findings {
    let hangs: [Hang]
    let stragglers: [Straggler]
  }

  /// Looks at the running workers.
  ///
  /// - Parameter isHeldUp: Whether they may be waiting for the launcher to read their output; that time does
  ///   not count.
  func look(
    _ workers: some Sequence<WorkerProcess>, at now: Duration, isHeldUp: Bool = false
  ) -> Findings {
    let views = views(of: workers)
    let found = hangs.look(views, at: monotonicNanoseconds(), after: isHeldUp ? .zero : now - lastLook)
    lastLook = now
    nextLook = now + hangs.budgets.interval
    return Findings(hangs: found, stragglers: stragglers.look(views))
  }

  /// Whether every worker that can has written its stacks, now and at the previous call.
  ///
  /// It waits for two calls, since the last lines may still be in the pipes at the first.
  func haveWrittenStacks(_ workers: some Sequence<WorkerProcess>, at now: Duration) -> Bool {
    nextLook = now + Self.shortInterval
    let written = workers.allSatisfy {
      $0.isStopped || board.stacksWritten(rank: $0.rank - ranks.lowerBound) > 0
    }
    defer { wereWritten = written }
    return written && wereWritten
  }

  /// Returns the view of each running worker.
  func views(of workers: some Sequence<WorkerProcess>) -> [RankView] {
    workers.compactMap { worker in
      read(worker.rank).map {
        RankView(rank: worker.rank, state: $0.state, updates: $0.updates, isStopped: worker.isStopped)
      }
    }.sorted { $0.rank < $1.rank }
  }

  /// Whether a worker has used half of its budget.
  func isSlow(_ view: RankView) -> Bool { hangs.isSlow(view) }

  /// The workers that have held the others up for some time.
  var currentStragglers: [Straggler] { stragglers.current }
}
