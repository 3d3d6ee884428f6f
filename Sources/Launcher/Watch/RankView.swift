import Board

/// What the launcher sees of one worker that runs.
struct RankView: Equatable, Sendable {
  let rank: Int
  let state: RankState
  /// How often the worker has said anything.
  let updates: Int
  /// Whether a signal or a debugger holds the process.
  let isStopped: Bool

  /// How long it has been in its section.
  func time(at now: UInt64) -> Duration {
    .nanoseconds(Int64(clamping: now - min(now, state.since)))
  }
}
