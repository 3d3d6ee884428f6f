import Board

/// Finds the worker for which the others wait in vain, from what all of them say of themselves.
///
/// Pure: it reads no clock, and counts only time in which somebody looked. A launcher that was itself frozen, with
/// its workers or alone, accuses nobody when it comes back.
struct HangWatch: Sendable {
  let budgets: HangBudgets

  private var stillness: [Int: Stillness] = [:]

  /// How long a rank has said nothing.
  private struct Stillness {
    var updates: Int
    var time = Duration.zero
  }

  init(_ budgets: HangBudgets) { self.budgets = budgets }

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
    guard let still = stillness[view.rank], view.state.section != .communicate else { return false }
    return still.time >= budgets.budget(for: view.state.section) / 2
  }

  private mutating func note(_ view: RankView, _ elapsed: Duration) {
    if stillness[view.rank]?.updates == view.updates {
      stillness[view.rank]?.time += elapsed
    } else {
      stillness[view.rank] = Stillness(updates: view.updates)
    }
  }

  private func isLate(_ view: RankView) -> Bool {
    stillTime(view) >= budgets.budget(for: view.state.section)
  }

  private func stillTime(_ view: RankView) -> Duration { stillness[view.rank]?.time ?? .zero }

  /// Whoever waits for others is late through their fault, and each is late in another section.
  private func culprits(_ late: [RankView], among views: [RankView]) -> [RankView] {
    let stopped = views.filter(\.isStopped)
    if !stopped.isEmpty { return stopped }
    let busy = late.filter { $0.state.section != .communicate }
    if !busy.isEmpty { return busy.sorted { stillTime($0) > stillTime($1) } }
    // All that are late wait. Whom they wait for may still be within a longer budget.
    guard views.allSatisfy({ $0.state.section == .communicate }) else { return [] }
    return late.max { stillTime($0) < stillTime($1) }.map { [$0] } ?? []
  }
}
