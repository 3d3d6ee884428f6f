import Drawing
import WorkerLink

/// Finds the worker that the others wait for in vain, from the status that each worker publishes.
///
/// Pure: it reads no clock, and counts only time during which the launcher was looking. So a launcher that
/// was itself suspended, alone or with its workers, blames nobody when it resumes.
struct HangWatch: Sendable {
  let budgets: HangBudgets
  /// Whether the ranks seen are all of the run's, so that a rank of another host cannot be the one that
  /// hangs.
  private let seesAll: Bool

  private var stillness: [Int: Stillness] = [:]

  /// How long a rank has published nothing.
  private struct Stillness {
    var updates: Int
    var time = Duration.zero
  }

  init(_ budgets: HangBudgets, seesAll: Bool = true) {
    self.budgets = budgets
    self.seesAll = seesAll
  }

  /// Takes in the ranks' current status; returns the workers to blame once any rank is over its budget.
  ///
  /// - Parameter elapsed: The time since the previous look.
  mutating func look(_ views: [RankView], at now: UInt64, after elapsed: Duration) -> [Hang] {
    let counted = min(elapsed, budgets.interval * 4)
    for view in views { note(view, counted) }
    let late = views.filter { isLate($0) }
    guard !late.isEmpty else { return [] }
    return culprits(late, among: views).map { Hang($0, at: now) }
  }

  /// Whether a rank has used half of its budget; `status` marks such a rank before the launcher acts.
  func isSlow(_ view: RankView) -> Bool {
    guard let still = stillness[view.rank], view.state.phase != .communicate else { return false }
    return still.time >= budgets.budget(for: view.state.phase) / 2
  }

  private mutating func note(_ view: RankView, _ elapsed: Duration) {
    if stillness[view.rank]?.updates == view.updates {
      stillness[view.rank]?.time += elapsed
    } else {
      stillness[view.rank] = Stillness(updates: view.updates)
    }
  }

  private func isLate(_ view: RankView) -> Bool {
    stillTime(view) >= budgets.budget(for: view.state.phase)
  }

  private func stillTime(_ view: RankView) -> Duration { stillness[view.rank]?.time ?? .zero }

  /// A rank that waits for the others is late through their fault, and the culprit is late in another phase.
  private func culprits(_ late: [RankView], among views: [RankView]) -> [RankView] {
    let stopped = views.filter(\.isStopped)
    if !stopped.isEmpty { return stopped }
    let busy = late.filter { $0.state.phase != .communicate }
    if !busy.isEmpty { return busy.sorted { stillTime($0) > stillTime($1) } }
    // All late ranks are waiting. The one that they wait for may still be within a longer budget.
    guard seesAll, views.allSatisfy({ $0.state.phase == .communicate }) else { return [] }
    return late.max { stillTime($0) < stillTime($1) }.map { [$0] } ?? []
  }
}

/// How long a worker may show no progress in a phase before it counts as hung.
struct HangBudgets: Equatable, Sendable {
  /// For waiting for images, and for each phase of a step.
  let step: Duration
  /// For starting, which loads libraries and lists folders.
  let start: Duration
  /// For a batch of an evaluation, or for writing a checkpoint.
  let long: Duration

  /// The least budget for starting, whose time does not shrink with that of a step.
  private static let shortestStart = Duration.seconds(60)

  /// The budgets that follow from `--hang-timeout`.
  init(step: Duration) {
    self.step = step
    start = max(Self.shortestStart, step * 2)
    long = step * 2
  }

  /// Returns the budget of a phase.
  func budget(for phase: Phase) -> Duration {
    switch phase {
    case .start, .done: start
    case .data, .forward, .backward, .communicate, .optimizer: step
    case .evaluate, .checkpoint: long
    }
  }

  /// How long a worker waits for a silent neighbour in its ring: longer than the launcher, which knows more
  /// and should decide first.
  var ringPatience: Duration { long + .seconds(10) }

  /// How often to look.
  var interval: Duration { min(.seconds(1), max(.milliseconds(50), step / 10)) }
}

/// A worker that has made no progress for longer than its budget.
struct Hang: Equatable, Codable, Sendable {
  let rank: Int
  let phase: Phase
  /// How long it has made no progress.
  let time: Duration
  /// Nil before the first epoch.
  let epoch: Int?
  /// The step of the epoch, from 1.
  let step: Int
  /// Whether a signal or a debugger has stopped the process.
  let isStopped: Bool

  init(_ view: RankView, at now: UInt64) {
    rank = view.rank
    phase = view.state.phase
    time = view.time(at: now)
    epoch = view.state.epoch
    step = view.state.stepInProgress
    isStopped = view.isStopped
  }
}

extension Hang: CustomStringConvertible {
  /// `stuck in forward for 300.2 s (epoch 3, step 17)`
  var description: String {
    let place = epoch.map { " (epoch \($0), step \(step))" } ?? ""
    return "stuck in \(phase.name) for \(inSeconds(time))\(place)"
  }

  /// The usual cause.
  var cause: String {
    if isStopped {
      return "rank \(rank) was stopped, by a signal or a debugger, and the others waited for it"
    }
    return switch phase {
    case .data: "storage that does not answer, or a --hang-timeout shorter than reading a batch takes"
    case .checkpoint: "storage that does not answer"
    case .communicate: "the ranks wait for each other; the stacks in their logs say where"
    default: "a defect, or a --hang-timeout shorter than the work takes; the stacks in the logs say where"
    }
  }

  /// The advice to the user.
  var nextStep: Explanation.NextStep {
    isStopped
      ? .resume(after: "finding out who stopped it") : .resume(after: "reading the stacks in the logs")
  }
}

extension WorkerStatus {
  /// The step in progress, counted from 1; after the last step of an epoch, that step.
  var stepInProgress: Int { min(step + 1, max(stepsOfEpoch, 1)) }
}

/// What the launcher sees of a running worker.
struct RankView: Equatable, Sendable {
  let rank: Int
  let state: WorkerStatus
  /// How often the worker has published its status.
  let updates: Int
  /// Whether a signal or a debugger has stopped the process.
  let isStopped: Bool

  /// Returns how long it has been in its phase.
  func time(at now: UInt64) -> Duration {
    .nanoseconds(Int64(clamping: now - min(now, state.since)))
  }
}
