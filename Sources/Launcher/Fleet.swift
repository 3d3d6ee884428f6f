/// The state of all workers of a run, as a pure machine: an event goes in, the actions to perform come out.
///
/// It does no I/O and reads no clock; times are given with the events, as durations since the start.
/// The first worker that fails decides the run (a witness gives way to the one it lost): the others get SIGTERM, and SIGKILL when the grace is over.
/// A worker that exits with 0 or 75 has not failed, and the others are left to come to their own end.
/// When all have ended after a failure, `Restarts` decides whether they are started again.
struct Fleet: Sendable {
  /// What can happen to a run.
  enum Event: Equatable, Sendable {
    case begun
    /// How far this attempt has come; to be told before an end.
    case progressed(Progress?)
    case ended(rank: Int, Ending, at: Duration)
    case stopRequested(Signal, at: Duration)
    case checkpointRequested
    case hung([Hang], at: Duration)
    case stacksWritten(at: Duration)
    case timePassed(Duration)
  }

  /// What the supervisor has to do next, in this order.
  enum Action: Equatable, Sendable {
    case launch(rank: Int)
    case signal(Signal, rank: Int)
    /// This attempt failed, and the `number`th start of those that the budget allows follows after the delay.
    case retry(Outcome, after: Duration, number: Int)
    /// Get ready what this attempt needs; its launches follow.
    case begin(attempt: Int)
    case finish(Outcome)

    var isLaunch: Bool {
      if case .launch = self { return true }
      return false
    }
  }

  /// How long workers get to save and exit after a stop request.
  let grace: Duration

  var members: [Member]
  var phase = Phase.running
  var firstFailure: Int?
  var stopSignal: Signal?
  var restarts: Restarts
  /// The number of this attempt, and when it began.
  var attempt = (number: 0, start: Duration.zero)
  var progress: Progress?

  /// A fleet of `size` workers, none of them started.
  init(size: Int, grace: Duration, restarts: Restarts = Restarts(.none)) {
    self.grace = grace
    self.restarts = restarts
    members = Array(repeating: Member(), count: size)
  }

  /// After a failure there is nothing to save: the ring is broken, and a half-written checkpoint is discarded.
  var graceAfterFailure: Duration { min(grace, .seconds(4)) }

  /// A process that SIGKILL does not end within this time is held inside the kernel.
  static let patienceAfterKill = Duration.seconds(5)

  /// How much earlier than a failed worker's own end its neighbours' may be seen.
  static let leadOfWitness = Duration.seconds(2)

  /// When `timePassed` is due, if nothing else happens before.
  var deadline: Duration? {
    switch phase {
    case .running: nil
    case .writingStacks(let deadline), .stopping(let deadline), .killing(let deadline): deadline
    case .waiting(_, let deadline): deadline
    }
  }

  /// Takes in one event and says what it demands.
  mutating func handle(_ event: Event) -> [Action] {
    switch event {
    case .begun: members.indices.map { .launch(rank: $0) }
    case .progressed(let newest): note(newest)
    case .ended(let rank, let ending, let moment): record(ending, of: rank, at: moment)
    case .stopRequested(let signal, let moment): stop(on: signal, at: moment)
    case .checkpointRequested: running.map { .signal(.user1, rank: $0) }
    case .hung(let hangs, let moment): name(hangs, at: moment)
    case .stacksWritten(let moment): endAfterStacks(at: moment)
    case .timePassed(let now): escalate(at: now)
    }
  }
}

extension Fleet {
  struct Member {
    var end: WorkerEnd?
    /// Why the launcher ended the run on this worker's account.
    var hang: Hang?
    /// The signals by which the launcher asked or forced this worker to end.
    var received: Set<Signal> = []
  }

  enum Phase {
    case running
    case writingStacks(deadline: Duration)
    case stopping(deadline: Duration)
    case killing(deadline: Duration)
    /// Nobody runs, after the failure that the outcome tells of, until the next attempt begins.
    case waiting(Outcome, until: Duration)
  }

  var running: [Int] {
    members.indices.filter { members[$0].end == nil }
  }

  private mutating func record(_ ending: Ending, of rank: Int, at moment: Duration) -> [Action] {
    guard members[rank].end == nil else { return [] }
    let ending = members[rank].hang.map(Ending.hung) ?? ending
    let expected = members[rank].received.contains(where: ending.isEffect(of:))
    let asked = !members[rank].received.isEmpty && ending == .stoppedEarly
    members[rank].end = WorkerEnd(
      rank: rank, ending: ending, moment: moment, stoppedByLauncher: expected || asked)

    var actions: [Action] = []
    if !ending.isOrderly, !expected {
      if firstFailure == nil { actions = tearDown(at: moment) }
      if firstFailure.map({ isWitness($0, of: ending, at: moment) }) ?? true { firstFailure = rank }
    }
    return actions + concludeIfEmpty(at: moment)
  }

  /// Whether the first failure is only that of a worker that lost a peer, and this ending is that peer's.
  ///
  /// The kernel closes the sockets of a process before it reports its end: its neighbours may be quicker to end.
  private func isWitness(_ rank: Int, of ending: Ending, at moment: Duration) -> Bool {
    guard let first = members[rank].end, first.ending == .lostPeer, ending != .lostPeer else { return false }
    return moment - first.moment < Self.leadOfWitness
  }

  mutating func tearDown(at moment: Duration) -> [Action] {
    if case .killing = phase { return [] }
    phase = .stopping(deadline: min(deadline ?? .seconds(Int64.max), moment + graceAfterFailure))
    return end(with: .terminate)
  }

  /// The first request goes to every worker as SIGTERM, whichever signal brought it; a second one means now.
  private mutating func stop(on signal: Signal, at moment: Duration) -> [Action] {
    stopSignal = stopSignal ?? signal
    switch phase {
    case .running:
      phase = .stopping(deadline: moment + grace)
      return end(with: .terminate)
    case .writingStacks, .stopping:
      return kill(at: moment)
    case .killing:
      return []
    case .waiting(let outcome, _):
      return giveUp(after: outcome)
    }
  }

  private mutating func escalate(at now: Duration) -> [Action] {
    guard let deadline, now >= deadline else { return [] }
    if case .writingStacks = phase { return endAfterStacks(at: now) }
    if case .waiting = phase { return beginAgain(at: now) }
    if case .stopping = phase { return kill(at: now) }
    for rank in running {
      members[rank].end = WorkerEnd(rank: rank, ending: .stuck, moment: now, stoppedByLauncher: false)
    }
    return concludeIfEmpty(at: now)
  }

  private mutating func kill(at moment: Duration) -> [Action] {
    phase = .killing(deadline: moment + Self.patienceAfterKill)
    return end(with: .kill)
  }

  mutating func end(with signal: Signal) -> [Action] {
    running.compactMap { rank in
      // A worker takes a second SIGTERM for impatience, so it gets each signal once.
      guard members[rank].received.insert(signal).inserted else { return nil }
      return .signal(signal, rank: rank)
    }
  }
}
