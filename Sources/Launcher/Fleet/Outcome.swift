import Recipe

/// How one rank came to its end, as the launcher saw it.
struct WorkerEnd: Equatable, Sendable {
  let rank: Int
  let ending: Ending
  /// Time since the launcher started, on the monotonic clock.
  let moment: Duration
  /// Whether the ending is what the launcher's own signals do, rather than the worker's doing.
  let stoppedByLauncher: Bool
}

/// How an attempt ended, once every worker has; the last one's is the run's.
struct Outcome: Equatable, Sendable {
  /// One for each rank, in rank order.
  let ends: [WorkerEnd]
  /// The rank whose failure came first, if any failed.
  let firstFailure: Int?
  /// The signal by which somebody asked the launcher to stop, if anybody did.
  var stopSignal: Signal?
  /// The number of the attempt, and when it began, as time since the launcher started.
  var attempt = 0
  var start = Duration.zero
  /// How far it came, where that is known.
  var progress: Progress?
  /// Why a failed run was not started again, where that needs saying.
  var reasonToStop: String?

  /// The launcher's exit status: the first failure's, or 75 where work remains, or 0.
  var exitCode: CInt {
    if let firstFailure { return ends[firstFailure].ending.exitCode }
    if ends.allSatisfy({ $0.ending == .done }) { return ExitCode.done.rawValue }
    if ends.allSatisfy(\.ending.isOrderly) { return ExitCode.stoppedEarly.rawValue }
    return 128 + (stopSignal ?? .terminate).number
  }
}
