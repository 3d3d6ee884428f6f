extension Fleet {
  /// The events of a run.
  enum Event: Equatable, Sendable {
    /// The number of this attempt's ranks, before any is launched.
    case resized(Int)
    /// Everything that this attempt's ranks need is ready.
    case begun
    case launched(rank: Int)
    /// This attempt's progress, reported before an end.
    case progressed(Progress?)
    /// The ranks whose processes a signal or debugger has stopped, reported before the end of a worker that
    /// lost a peer.
    case foundStopped([Int])
    /// The worker that ends next has waited in vain for disk space; reported before its end.
    case ranOutOfRoom
    /// `chance` is a random number from 0 to 1, so that launchers stopped by one fault do not restart in
    /// step.
    case ended(rank: Int, Ending, at: Duration, chance: Double = 0)
    /// - Parameter isResumable: Whether the run could resume from what is saved, even without this attempt.
    case stopRequested(Signal, at: Duration, isResumable: Bool = false)
    case checkpointRequested
    case hung([Hang], at: Duration)
    case stacksWritten(at: Duration)
    case timePassed(Duration, chance: Double = 0)
  }

  /// A request to stop.
  struct Stop: Sendable {
    let signal: Signal
    /// Whether the run can be resumed without this attempt.
    let isResumable: Bool
    /// Whether it came after a failure, while a restart was pending.
    let isAfterFailure: Bool
  }

  /// The actions that the supervisor has to perform, in this order.
  enum Action: Equatable, Sendable {
    /// Launch a rank; answered by `launched`, or by `ended` where it could not be started.
    case launch(rank: Int)
    case signal(Signal, rank: Int)
    /// This attempt failed; the `number`th restart within the budget's window follows after the delay.
    case retry(Outcome, after: Duration, number: Int)
    /// Prepare what an attempt needs; answered by `begun`, or by the end of a rank that cannot be started
    /// without it.
    case begin(attempt: Int)
    case finish(Outcome)
  }
}

/// Time limits.
extension Fleet {
  /// How much earlier than a failed worker's own end its neighbours' may be seen.
  static let leadOfWitness = Duration.seconds(2)
  /// How long workers get to write their stacks before they are ended.
  static let patienceForStacks = Duration.seconds(2)
  /// A process that SIGKILL does not end within this time is held inside the kernel.
  static let patienceAfterKill = Duration.seconds(5)
}
