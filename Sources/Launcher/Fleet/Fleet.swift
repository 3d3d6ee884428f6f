/// The state of all workers of a run, as a pure machine: an event goes in, the actions to perform come out.
///
/// It does no I/O, reads no clock and throws no dice; times come with the events, as durations since the start, and so does chance.
/// The ranks of an attempt are launched one after the other, and none any more once one of them has failed or somebody wants the run to end.
/// The first worker that fails decides the run (a witness gives way to the one it lost): the others get SIGTERM, and SIGKILL when the grace is over.
/// A worker that exits with 0 or 75 has not failed, and the others are left to come to their own end.
/// When all have ended after a failure, `Restarts` decides whether they are started again.
struct Fleet: Sendable {
  /// How long workers get to save and exit after a stop request.
  private let grace: Duration
  private var restarts: Restarts
  private var members: [Member]
  private var state = State.running
  private var firstFailure: Int?
  private var stop: Stop?
  /// The number of this attempt, and when it began.
  private(set) var attempt = (number: 0, start: Duration.zero)
  private var progress: Progress?
  private var lacksRoom = false
  /// The ranks whose processes were stopped when the first worker gave up on a peer.
  private var stoppedRanks: [Int] = []

  /// A fleet of `size` workers, none of them started.
  init(size: Int, grace: Duration, restarts: Restarts = Restarts(.none)) {
    self.grace = grace
    self.restarts = restarts
    members = Array(repeating: Member(), count: size)
  }

  /// Takes in one event and says what it demands; to be performed before the next event but those that this leads to.
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

  /// When `timePassed` is due, if nothing else happens before.
  var deadline: Duration? {
    switch state {
    case .running: nil
    case .writingStacks(let moment), .stopping(let moment), .killing(let moment), .waiting(_, let moment):
      moment
    }
  }

  /// When a run that somebody asked to stop will be ended by force. After a failure it may well start again.
  var endAsAsked: Duration? { isAskedToStop ? deadline : nil }

  var isAskedToStop: Bool { stop != nil }

  /// Whether nobody runs and the next attempt is waited for.
  var isWaiting: Bool {
    if case .waiting = state { true } else { false }
  }

  /// Whether a worker of this attempt was started.
  var hasStarted: Bool { members.contains(where: \.isLaunched) }

  /// Whether workers are writing their stacks now.
  var isWritingStacks: Bool {
    if case .writingStacks = state { true } else { false }
  }

  /// Whether it is known already whose processes were stopped in this attempt.
  var knowsStoppedRanks: Bool { !stoppedRanks.isEmpty }
}

extension Fleet {
  private struct Member {
    var isLaunched = false
    var end: WorkerEnd?
    /// Why the launcher ended the run on this worker's account.
    var hang: Hang?
    /// The signals by which the launcher asked or forced this worker to end.
    var received: Set<Signal> = []

    var isRunning: Bool { isLaunched && end == nil }
    var isAwaited: Bool { !isLaunched && end == nil }
  }

  private enum State {
    case running
    case writingStacks(deadline: Duration)
    case stopping(deadline: Duration)
    case killing(deadline: Duration)
    /// Nobody runs, after the failure that the outcome tells of, until the next attempt begins.
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

  /// Takes in how a worker ended, and whether that decides the run.
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

  /// The first request goes to every worker as SIGTERM, whichever signal brought it; a second one means now.
  private mutating func stopRequested(_ new: Stop, at moment: Duration) -> [Action] {
    let first = stop ?? new
    stop = first
    switch state {
    case .running:
      state = .stopping(deadline: moment + grace)
      withdraw(at: moment)
      // Chance is for another start, and there is none.
      return end(with: .terminate) + concludeIfEmpty(at: moment, 0)
    case .writingStacks, .stopping:
      return kill(at: moment)
    case .killing:
      return []
    case .waiting(var outcome, _):
      outcome.stopSignal = first.signal
      outcome.isResumable = first.isResumable
      // What failed has been told of already.
      outcome.firstFailure = nil
      return [.finish(outcome)]
    }
  }

  private func checkpointRequested() -> [Action] { running.map { .signal(.user1, rank: $0) } }

  /// Workers are stuck: all write their stacks first, so that it can be seen later where, and are ended then.
  private mutating func hung(_ hangs: [Hang], at moment: Duration) -> [Action] {
    let hangs = hangs.filter { members[$0.rank].isRunning }
    guard case .running = state, let first = hangs.first else { return [] }
    for hang in hangs { members[hang.rank].hang = hang }
    firstFailure = firstFailure ?? first.rank
    state = .writingStacks(deadline: moment + Self.patienceForStacks)
    return end(with: .user2)
  }

  /// All stacks are written, or time is up for them.
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

  /// Whether the first failure is only that of a worker that lost a peer, and this ending is that peer's.
  ///
  /// The kernel closes the sockets of a process before it reports its end: its neighbours may be quicker to end.
  private func isWitness(_ rank: Int, of ending: Ending, at moment: Duration) -> Bool {
    guard let first = members[rank].end, first.ending == .lostPeer, ending != .lostPeer else { return false }
    return moment - first.moment < Self.leadOfWitness
  }

  /// The others are of no use without the one that failed.
  private mutating func tearDown(at moment: Duration) -> [Action] {
    withdraw(at: moment)
    if case .killing = state { return [] }
    // There is nothing to save: the ring is broken, and a half-written checkpoint is discarded.
    let grace = min(grace, .seconds(4))
    state = .stopping(deadline: min(deadline ?? .seconds(Int64.max), moment + grace))
    return end(with: .terminate)
  }

  /// A worker that was started now would find nobody.
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
      // A worker takes a second SIGTERM for impatience, so it gets each signal once.
      guard members[rank].received.insert(signal).inserted else { return nil }
      return .signal(signal, rank: rank)
    }
  }

  /// When all have ended: the end of the run, or of this attempt.
  private mutating func concludeIfEmpty(at moment: Duration, _ chance: Double) -> [Action] {
    let ends = members.compactMap(\.end)
    guard ends.count == members.count else { return [] }
    var outcome = Outcome(
      ends: ends, firstFailure: firstFailure, stopSignal: stop?.signal, attempt: attempt.number,
      start: attempt.start, progress: progress, lacksRoom: lacksRoom, stoppedRanks: stoppedRanks)
    guard let firstFailure else {
      // Workers that had not come to their first step leave the run as they found it.
      outcome.isResumable = stop?.isResumable == true && progress == nil
      return [.finish(outcome)]
    }
    // Whoever fails on a request to end has not done what was asked.
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

  /// Starts everybody anew: a ring that has lost one rank is of no use to the others.
  private mutating func beginAgain(at now: Duration) -> [Action] {
    attempt = (attempt.number + 1, now)
    members = Array(repeating: Member(), count: members.count)
    state = .running
    (firstFailure, progress, lacksRoom, stoppedRanks) = (nil, nil, false, [])
    return [.begin(attempt: attempt.number)]
  }
}
