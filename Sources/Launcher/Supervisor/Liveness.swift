import Glibc
import System
import WorkerLink

/// Looks at the board of one attempt, from time to time.
final class Liveness {
  /// What the workers write on.
  let board: StatusBoard
  /// When to look next, since the supervisor was made.
  private(set) var nextLook = Duration.zero

  private var hangs: HangWatch
  private var stragglers = StragglerWatch()
  private var lastLook = Duration.zero
  /// Whether all stacks were written when somebody last asked.
  private var wereWritten = false

  /// How often to look whether all stacks are written.
  private static let shortInterval = Duration.milliseconds(20)

  /// Makes the board.
  init(ranks: Int, budgets: HangBudgets) throws(LaunchError) {
    guard let board = StatusBoard(ranks: ranks) else { throw LaunchError(call: "memfd_create", errno: errno) }
    self.board = board
    hangs = HangWatch(budgets)
  }

  /// Of one attempt of a run; nil where nobody watches.
  static func make(_ launch: Launch) throws(LaunchError) -> Liveness? {
    guard let budgets = launch.budgets else { return nil }
    return try Liveness(ranks: launch.size, budgets: budgets)
  }

  /// Grows when all ranks move: how often the one said anything that has said least.
  var movement: Int {
    (0..<board.ranks).map { board.read(rank: $0)?.updates ?? 0 }.min() ?? 0
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
    let written = workers.allSatisfy { $0.isStopped || board.stacksWritten(rank: $0.rank) > 0 }
    defer { wereWritten = written }
    return written && wereWritten
  }

  /// What can be seen of the workers, by rank.
  func views(of workers: some Sequence<WorkerProcess>) -> [RankView] {
    workers.compactMap { worker in
      board.read(rank: worker.rank).map {
        RankView(rank: worker.rank, state: $0.state, updates: $0.updates, isStopped: worker.isStopped)
      }
    }.sorted { $0.rank < $1.rank }
  }

  /// Whether a worker has used half of what it may.
  func isSlow(_ view: RankView) -> Bool { hangs.isSlow(view) }

  /// The workers that have made the others wait for a while.
  var currentStragglers: [Straggler] { stragglers.current }
}
