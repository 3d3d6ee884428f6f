extension Fleet {
  /// What can happen to a run.
  enum Event: Equatable, Sendable {
    /// This attempt has so many ranks; before any is launched.
    case resized(Int)
    /// This attempt has all that its ranks need to be launched.
    case begun
    case launched(rank: Int)
    /// How far this attempt has come; to be told before an end.
    case progressed(Progress?)
    /// Whose processes a signal or a debugger holds; to be told before the end of one that lost a peer.
    case foundStopped([Int])
    /// The worker that ends next has waited in vain for room on its disk; to be told before its end.
    case ranOutOfRoom
    /// The chance, from 0 to 1, is another one each time: launchers that one fault stopped do not start again in step.
    case ended(rank: Int, Ending, at: Duration, chance: Double = 0)
    /// - Parameter isResumable: Whether the run could go on from what is saved, if nothing came of this attempt.
    case stopRequested(Signal, at: Duration, isResumable: Bool = false)
    case checkpointRequested
    case hung([Hang], at: Duration)
    case stacksWritten(at: Duration)
    case timePassed(Duration, chance: Double = 0)
  }

  /// A request to end.
  struct Stop: Sendable {
    let signal: Signal
    /// Whether the run can be gone on with without this attempt.
    let isResumable: Bool
    /// Whether it came to a run that had failed, and might have started again.
    let isAfterFailure: Bool
  }

  /// What the supervisor has to do next, in this order.
  enum Action: Equatable, Sendable {
    /// To be answered by `launched`, or by `ended` where it could not be started.
    case launch(rank: Int)
    case signal(Signal, rank: Int)
    /// This attempt failed, and the `number`th start of those that the budget allows follows after the delay.
    case retry(Outcome, after: Duration, number: Int)
    /// Get ready what this attempt needs; to be answered by `begun`, or by the end of a rank that cannot be started for want of it.
    case begin(attempt: Int)
    case finish(Outcome)
  }
}

/// How long it waits for what.
extension Fleet {
  /// How much earlier than a failed worker's own end its neighbours' may be seen.
  static let leadOfWitness = Duration.seconds(2)
  /// How long workers get to write their stacks before they are ended.
  static let patienceForStacks = Duration.seconds(2)
  /// A process that SIGKILL does not end within this time is held inside the kernel.
  static let patienceAfterKill = Duration.seconds(5)
}
