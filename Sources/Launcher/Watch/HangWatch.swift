import Drawing
import WorkerLink

/// Finds the worker for which the others wait in vain, from what all of them say of themselves.
///
/// Pure: it reads no clock, and counts only time in which somebody looked. A launcher that was itself frozen, with
/// its workers or alone, accuses nobody when it comes back.
struct HangWatch: Sendable {
  let budgets: HangBudgets
  /// Whether all ranks of the run are seen, and none of another host may be the one that is waited for.
  private let seesAll: Bool

  private var stillness: [Int: Stillness] = [:]

  /// How long a rank has said nothing.
  private struct Stillness {
    var updates: Int
    var time = Duration.zero
  }

  init(_ budgets: HangBudgets, seesAll: Bool = true) {
    self.budgets = budgets
    self.seesAll = seesAll
  }

  /// Takes in what runs now; the workers to blame, if any is over its budget.
  ///
  /// - Parameter elapsed: Since the look before.
  mutating func look(_ views: [RankView], at now: UInt64, after elapsed: Duration) -> [Hang] {
    let counted = min(elapsed, budgets.interval * 4)
    for view in views { note(view, counted) }
    let late = views.filter { isLate($0) }
    guard !late.isEmpty else { return [] }
    return culprits(late, among: views).map { Hang($0, at: now) }
  }

  /// Whether a rank has used half of its budget: what `status` marks before the launcher acts.
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

  /// Whoever waits for others is late through their fault, and each is late in another phase.
  private func culprits(_ late: [RankView], among views: [RankView]) -> [RankView] {
    let stopped = views.filter(\.isStopped)
    if !stopped.isEmpty { return stopped }
    let busy = late.filter { $0.state.phase != .communicate }
    if !busy.isEmpty { return busy.sorted { stillTime($0) > stillTime($1) } }
    // All that are late wait. Whom they wait for may still be within a longer budget.
    guard seesAll, views.allSatisfy({ $0.state.phase == .communicate }) else { return [] }
    return late.max { stillTime($0) < stillTime($1) }.map { [$0] } ?? []
  }
}

/// How long a worker may be busy with one thing before it counts as stuck.
struct HangBudgets: Equatable, Sendable {
  /// For waiting for images, and for each part of a step.
  let step: Duration
  /// For starting, which loads libraries and lists folders.
  let start: Duration
  /// For one batch of an evaluation, or for a checkpoint.
  let long: Duration

  /// Starting may always take this long: it does not become quicker when steps do.
  private static let shortestStart = Duration.seconds(60)

  /// The budgets that go with `--hang-timeout`.
  init(step: Duration) {
    self.step = step
    start = max(Self.shortestStart, step * 2)
    long = step * 2
  }

  /// The budget of a phase.
  func budget(for phase: Phase) -> Duration {
    switch phase {
    case .start, .done: start
    case .data, .forward, .backward, .communicate, .optimizer: step
    case .evaluate, .checkpoint: long
    }
  }

  /// How long a worker's ring waits for a silent neighbour: longer than the launcher, which knows more of all.
  var ringPatience: Duration { long + .seconds(10) }

  /// How often to look.
  var interval: Duration { min(.seconds(1), max(.milliseconds(50), step / 10)) }
}

/// A worker that has done nothing for longer than it may.
struct Hang: Equatable, Codable, Sendable {
  let rank: Int
  let phase: Phase
  /// How long it has been at it.
  let time: Duration
  /// Nil before the first epoch.
  let epoch: Int?
  /// The step of the epoch, from 1.
  let step: Int
  /// Whether a signal or a debugger holds the process.
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

  /// What it usually means.
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

  /// What leads on.
  var nextStep: Explanation.NextStep {
    isStopped
      ? .resume(after: "finding out who stopped it") : .resume(after: "reading the stacks in the logs")
  }
}

extension WorkerStatus {
  /// The step that is under way, from 1; after the last one, that one.
  var stepInProgress: Int { min(step + 1, max(stepsOfEpoch, 1)) }
}

/// What the launcher sees of one worker that runs.
struct RankView: Equatable, Sendable {
  let rank: Int
  let state: WorkerStatus
  /// How often the worker has said anything.
  let updates: Int
  /// Whether a signal or a debugger holds the process.
  let isStopped: Bool

  /// How long it has been in its phase.
  func time(at now: UInt64) -> Duration {
    .nanoseconds(Int64(clamping: now - min(now, state.since)))
  }
}
