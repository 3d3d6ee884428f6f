import Glibc
import RunControl
import System
import WorkerLink

/// Looks at the board of one attempt, from time to time.
final class Liveness {
  /// What the workers write on, for them to inherit.
  var descriptor: CInt { board.descriptor }
  /// Has a place for each rank of this host, by its place there.
  private let board: StatusBoard
  /// When to look next, since the supervisor was made.
  private(set) var nextLook = Duration.zero

  /// Those of this host.
  private let ranks: Range<Int>
  private var hangs: HangWatch
  private var stragglers = StragglerWatch()
  private var lastLook = Duration.zero
  /// Whether all stacks were written when somebody last asked.
  private var wereWritten = false

  /// How often to look whether all stacks are written.
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

  /// Of one attempt of a run; nil where nobody watches.
  static func make(_ launch: Launch) throws(LaunchError) -> Liveness? {
    guard let budgets = launch.budgets else { return nil }
    return try Liveness(ranks: launch.ranks, of: launch.worldSize, budgets: budgets)
  }

  /// Grows when all ranks move: how often the one said anything that has said least.
  var movement: Int {
    ranks.map { read($0)?.updates ?? 0 }.min() ?? 0
  }

  /// Notes on a worker's behalf that it starts now; before the worker runs.
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

  /// Looks at the workers that run.
  ///
  /// - Parameter isHeldUp: Whether they may be waiting for the launcher to take their output: that time does not count.
  func look(
    _ workers: some Sequence<WorkerProcess>, at now: Duration, isHeldUp: Bool = false
  ) -> Findings {
    let views = views(of: workers)
    let found = hangs.look(views, at: monotonicNanoseconds(), after: isHeldUp ? .zero : now - lastLook)
    lastLook = now
    nextLook = now + hangs.budgets.interval
    return Findings(hangs: found, stragglers: stragglers.look(views))
  }

  /// Whether every worker that can has written its stacks, and had when this was asked before.
  ///
  /// One turn later: the last lines may still lie in the pipes.
  func haveWrittenStacks(_ workers: some Sequence<WorkerProcess>, at now: Duration) -> Bool {
    nextLook = now + Self.shortInterval
    let written = workers.allSatisfy {
      $0.isStopped || board.stacksWritten(rank: $0.rank - ranks.lowerBound) > 0
    }
    defer { wereWritten = written }
    return written && wereWritten
  }

  /// What can be seen of the workers, by rank.
  func views(of workers: some Sequence<WorkerProcess>) -> [RankView] {
    workers.compactMap { worker in
      read(worker.rank).map {
        RankView(rank: worker.rank, state: $0.state, updates: $0.updates, isStopped: worker.isStopped)
      }
    }.sorted { $0.rank < $1.rank }
  }

  /// Whether a worker has used half of what it may.
  func isSlow(_ view: RankView) -> Bool { hangs.isSlow(view) }

  /// The workers that have made the others wait for a while.
  var currentStragglers: [Straggler] { stragglers.current }
}
