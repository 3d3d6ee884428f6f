/// The state of all workers of a run as a pure state machine: each event returns the actions to perform.
///
/// It does no I/O, reads no clock and draws no random numbers: times, as durations since the start, and
/// randomness come with the events.
/// The ranks of an attempt are launched one after the other, and no more once one has failed or somebody has
/// asked for the end.
/// The first worker that fails decides the run's end (but a worker that only lost a peer gives way to that
/// peer): the others get SIGTERM, and SIGKILL when the grace period is over.
/// A worker that exits with 0 or 75 has not failed, and the others are left to end by themselves.
/// When all have ended after a failure, `Restarts` decides whether they are started again.
struct Fleet: Sendable {
  /// How long workers have to save and exit after a request to stop.
  private let grace: Duration
  private var restarts: Restarts
  private var members: [Member]
  private var state = State.running
  private var firstFailure: Int?
  private var stop: Stop?
  /// The present attempt's number, and when it began.
  private(set) var attempt = (number: 0, start: Duration.zero)
  private var progress: Progress?
  private var lacksRoom = false
  /// The ranks whose processes were stopped when the first worker gave up on a peer.
  private var stoppedRanks: [Int] = []

  /// Makes a fleet of `size` workers, none of them started.
  init(size: Int, grace: Duration, restarts: Restarts = Restarts(.none)) {
    self.grace = grace
    self.restarts = restarts
    members = Array(repeating: Member(), count: size)
  }

  /// Handles an event; returns the actions to perform before the next event, except for events that the
  /// actions themselves cause.
  mutating func handle(_ event: Event) -> [Action] {
    switch event {
    case .resized(let size): resized(to: size)
    case .begun: begun()
    case .launched(let rank): launched(rank)
    case .progressed(let newest): progressed(newest)
    case .foundStopped(let ranks): foundStopped(ranks)
    case .ranOutOfRoom: ranOutOfRoom()
    case .ended(let rank, let ending, let moment, let chance): ended(rank, ending, at: moment, chance)
    case .stopRequested(let signal, let moment, let isResumable):
      stopRequested(
        Stop(signal: signal, isResumable: isResumable, isAfterFailure: firstFailure != nil), at: moment)
    case .checkpointRequested: checkpointRequested()
    case .hung(let hangs, let moment): hung(hangs, at: moment)
    case .stacksWritten(let moment): stacksWritten(at: moment)
    case .timePassed(let now, let chance): timePassed(now, chance)
    }
  }

  /// When `timePassed` is due if nothing else happens before.
  var deadline: Duration? {
    switch state {
    case .running: nil
    case .writingStacks(let moment), .stopping(let moment), .killing(let moment), .waiting(_, let moment):
      moment
    }
  }

  /// When a run that was asked to stop will be killed; nil after a failure, which may lead to a restart.
  var endAsAsked: Duration? { isAskedToStop ? deadline : nil }

  var isAskedToStop: Bool { stop != nil }

  /// Whether no worker runs and the next attempt is being waited for.
  var isWaiting: Bool {
    if case .waiting = state { true } else { false }
  }

  /// Whether a worker of this attempt was started.
  var hasStarted: Bool { members.contains(where: \.isLaunched) }

  /// Whether workers are writing their stacks now.
  var isWritingStacks: Bool {
    if case .writingStacks = state { true } else { false }
  }

  /// Whether the ranks with stopped processes are known already.
  var knowsStoppedRanks: Bool { !stoppedRanks.isEmpty }
}

extension Fleet {
  private struct Member {
    var isLaunched = false
    var end: WorkerEnd?
    /// Why the launcher ended this worker, where it hung.
    var hang: Hang?
    /// The signals that the launcher has sent to this worker.
    var received: Set<Signal> = []

    var isRunning: Bool { isLaunched && end == nil }
    var isAwaited: Bool { !isLaunched && end == nil }
  }

  private enum State {
    case running
    case writingStacks(deadline: Duration)
    case stopping(deadline: Duration)
    case killing(deadline: Duration)
    /// No worker runs between the failed attempt, with that outcome, and the next one.
    case waiting(Outcome, until: Duration)
  }
}

extension Fleet {
  private mutating func resized(to size: Int) -> [Action] {
    if members.allSatisfy(\.isAwaited) { members = Array(repeating: Member(), count: size) }
    return []
  }

  private func begun() -> [Action] { launchNext() }

  private mutating func launched(_ rank: Int) -> [Action] {
    members[rank].isLaunched = true
    return launchNext()
  }

  private mutating func progressed(_ newest: Progress?) -> [Action] {
    progress = newest
    return []
  }

  private mutating func ranOutOfRoom() -> [Action] {
    lacksRoom = true
    return []
  }

  private mutating func foundStopped(_ ranks: [Int]) -> [Action] {
    if stoppedRanks.isEmpty { stoppedRanks = ranks }
    return []
  }

  /// Handles a worker's end, and decides whether it ends the run.
  private mutating func ended(_ rank: Int, _ ending: Ending, at moment: Duration, _ chance: Double)
    -> [Action]
  {
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
    return actions + concludeIfEmpty(at: moment, chance)
  }

  /// Handles a request to stop: the first goes to every worker as SIGTERM, whatever the signal was; a second
  /// one kills them.
  private mutating func stopRequested(_ new: Stop, at moment: Duration) -> [Action] {
    let first = stop ?? new
    stop = first
    switch state {
    case .running:
      state = .stopping(deadline: moment + grace)
      withdraw(at: moment)
      // No restart follows, so no random number is needed.
      return end(with: .terminate) + concludeIfEmpty(at: moment, 0)
    case .writingStacks, .stopping:
      return kill(at: moment)
    case .killing:
      return []
    case .waiting(var outcome, _):
      outcome.stopSignal = first.signal
      outcome.isResumable = first.isResumable
      // The failure has been reported already.
      outcome.firstFailure = nil
      return [.finish(outcome)]
    }
  }

  private func checkpointRequested() -> [Action] { running.map { .signal(.user1, rank: $0) } }

  /// Handles hung workers: all write their stacks first, which show where they hang, and are then ended.
  private mutating func hung(_ hangs: [Hang], at moment: Duration) -> [Action] {
    let hangs = hangs.filter { members[$0.rank].isRunning }
    guard case .running = state, let first = hangs.first else { return [] }
    for hang in hangs { members[hang.rank].hang = hang }
    firstFailure = firstFailure ?? first.rank
    state = .writingStacks(deadline: moment + Self.patienceForStacks)
    return end(with: .user2)
  }

  /// Ends the workers when all stacks are written or the time for that is over.
  private mutating func stacksWritten(at moment: Duration) -> [Action] {
    guard case .writingStacks = state else { return [] }
    state = .running
    return tearDown(at: moment)
  }

  private mutating func timePassed(_ now: Duration, _ chance: Double) -> [Action] {
    guard let deadline, now >= deadline else { return [] }
    switch state {
    case .running: return []
    case .writingStacks: return stacksWritten(at: now)
    case .waiting: return beginAgain(at: now)
    case .stopping: return kill(at: now)
    case .killing:
      for rank in running {
        members[rank].end = WorkerEnd(rank: rank, ending: .stuck, moment: now, stoppedByLauncher: false)
      }
      return concludeIfEmpty(at: now, chance)
    }
  }

  private var running: [Int] { members.indices.filter { members[$0].isRunning } }

  private func launchNext() -> [Action] {
    guard case .running = state, let rank = members.firstIndex(where: \.isAwaited) else { return [] }
    return [.launch(rank: rank)]
  }

  /// Whether the first failure was only that of a worker that had lost a peer, and this is that peer's end.
  ///
  /// The kernel closes a process's sockets before it reports its end, so its neighbours may end sooner.
  private func isWitness(_ rank: Int, of ending: Ending, at moment: Duration) -> Bool {
    guard let first = members[rank].end, first.ending == .lostPeer, ending != .lostPeer else { return false }
    return moment - first.moment < Self.leadOfWitness
  }

  /// Ends the other workers, which cannot continue without the one that failed.
  private mutating func tearDown(at moment: Duration) -> [Action] {
    withdraw(at: moment)
    if case .killing = state { return [] }
    // There is nothing to save: the ring is broken, and a half-written checkpoint is discarded.
    let grace = min(grace, .seconds(4))
    state = .stopping(deadline: min(deadline ?? .seconds(Int64.max), moment + grace))
    return end(with: .terminate)
  }

  /// Cancels pending launches: a worker started now would meet nobody.
  private mutating func withdraw(at moment: Duration) {
    for rank in members.indices where members[rank].isAwaited {
      members[rank].end = WorkerEnd(
        rank: rank, ending: .withdrawn, moment: moment, stoppedByLauncher: true)
    }
  }

  private mutating func kill(at moment: Duration) -> [Action] {
    state = .killing(deadline: moment + Self.patienceAfterKill)
    return end(with: .kill)
  }

  private mutating func end(with signal: Signal) -> [Action] {
    running.compactMap { rank in
      // A worker takes a second SIGTERM as a request to end at once, so each signal is sent only once.
      guard members[rank].received.insert(signal).inserted else { return nil }
      return .signal(signal, rank: rank)
    }
  }

  /// When all workers have ended, concludes the run or this attempt.
  private mutating func concludeIfEmpty(at moment: Duration, _ chance: Double) -> [Action] {
    let ends = members.compactMap(\.end)
    guard ends.count == members.count else { return [] }
    var outcome = Outcome(
      ends: ends, firstFailure: firstFailure, stopSignal: stop?.signal, attempt: attempt.number,
      start: attempt.start, progress: progress, lacksRoom: lacksRoom, stoppedRanks: stoppedRanks)
    guard let firstFailure else {
      // Workers that had not reached their first step leave the run as it was.
      outcome.isResumable = stop?.isResumable == true && progress == nil
      return [.finish(outcome)]
    }
    // A worker that fails while it should stop has not done what was asked.
    if let stop, !stop.isAfterFailure { return [.finish(outcome)] }
    // One that SIGKILL did not end keeps its card from the next attempt, whoever failed first.
    let decisive = ends.contains { $0.ending == .stuck } ? .stuck : ends[firstFailure].ending
    let verdict = restarts.verdict(
      after: decisive, in: attempt.number, progress: progress, lacksRoom: lacksRoom, at: moment,
      chance: chance)
    switch verdict {
    case .stop(let reason):
      outcome.reasonToStop = reason
      return [.finish(outcome)]
    case .restart(let delay, let number):
      if let stop {
        (outcome.isStopped, outcome.isResumable) = (true, stop.isResumable)
        return [.finish(outcome)]
      }
      state = .waiting(outcome, until: moment + delay)
      return [.retry(outcome, after: delay, number: number)]
    }
  }

  /// Starts all ranks anew: a ring that has lost one rank is of no use to the others.
  private mutating func beginAgain(at now: Duration) -> [Action] {
    attempt = (attempt.number + 1, now)
    members = Array(repeating: Member(), count: members.count)
    state = .running
    (firstFailure, progress, lacksRoom, stoppedRanks) = (nil, nil, false, [])
    return [.begin(attempt: attempt.number)]
  }
}
