/// The state of all workers of a run, as a pure machine: an event goes in, the actions to perform come out.
///
/// It does no I/O and reads no clock; times are given with the events, as durations since the start.
/// The first worker that fails decides the run (a witness gives way to the one it lost): the others get SIGTERM, and SIGKILL when the grace is over.
/// A worker that exits with 0 or 75 has not failed, and the others are left to come to their own end.
struct Fleet: Sendable {
  /// What can happen to a run.
  enum Event: Equatable, Sendable {
    case begun
    case ended(rank: Int, Ending, at: Duration)
    case stopRequested(Signal, at: Duration)
    case checkpointRequested
    case timePassed(Duration)
  }

  /// What the supervisor has to do next, in this order.
  enum Action: Equatable, Sendable {
    case launch(rank: Int)
    case signal(Signal, rank: Int)
    case finish(Outcome)
  }

  /// How long workers get to save and exit after a stop request.
  let grace: Duration

  private var members: [Member]
  private var phase = Phase.running
  private var firstFailure: Int?
  private var stopSignal: Signal?

  /// A fleet of `size` workers, none of them started.
  init(size: Int, grace: Duration) {
    self.grace = grace
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
    case .stopping(let deadline), .killing(let deadline): deadline
    }
  }

  /// Takes in one event and says what it demands.
  mutating func handle(_ event: Event) -> [Action] {
    switch event {
    case .begun: members.indices.map { .launch(rank: $0) }
    case .ended(let rank, let ending, let moment): record(ending, of: rank, at: moment)
    case .stopRequested(let signal, let moment): stop(on: signal, at: moment)
    case .checkpointRequested: running.map { .signal(.user1, rank: $0) }
    case .timePassed(let now): escalate(at: now)
    }
  }
}

extension Fleet {
  private struct Member {
    var end: WorkerEnd?
    /// The signals by which the launcher asked or forced this worker to end.
    var received: Set<Signal> = []
  }

  private enum Phase {
    case running
    case stopping(deadline: Duration)
    case killing(deadline: Duration)
  }

  private var running: [Int] {
    members.indices.filter { members[$0].end == nil }
  }

  private mutating func record(_ ending: Ending, of rank: Int, at moment: Duration) -> [Action] {
    guard members[rank].end == nil else { return [] }
    let expected = members[rank].received.contains(where: ending.isEffect(of:))
    let asked = !members[rank].received.isEmpty && ending == .stoppedEarly
    members[rank].end = WorkerEnd(
      rank: rank, ending: ending, moment: moment, stoppedByLauncher: expected || asked)

    var actions: [Action] = []
    if !ending.isOrderly, !expected {
      if firstFailure == nil { actions = tearDown(at: moment) }
      if firstFailure.map({ isWitness($0, of: ending, at: moment) }) ?? true { firstFailure = rank }
    }
    return actions + finishIfEmpty()
  }

  /// Whether the first failure is only that of a worker that lost a peer, and this ending is that peer's.
  ///
  /// The kernel closes the sockets of a process before it reports its end: its neighbours may be quicker to end.
  private func isWitness(_ rank: Int, of ending: Ending, at moment: Duration) -> Bool {
    guard let first = members[rank].end, first.ending == .lostPeer, ending != .lostPeer else { return false }
    return moment - first.moment < Self.leadOfWitness
  }

  private mutating func tearDown(at moment: Duration) -> [Action] {
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
    case .stopping:
      return kill(at: moment)
    case .killing:
      return []
    }
  }

  private mutating func escalate(at now: Duration) -> [Action] {
    guard let deadline, now >= deadline else { return [] }
    if case .stopping = phase { return kill(at: now) }
    for rank in running {
      members[rank].end = WorkerEnd(rank: rank, ending: .stuck, moment: now, stoppedByLauncher: false)
    }
    return finishIfEmpty()
  }

  private mutating func kill(at moment: Duration) -> [Action] {
    phase = .killing(deadline: moment + Self.patienceAfterKill)
    return end(with: .kill)
  }

  private mutating func end(with signal: Signal) -> [Action] {
    running.compactMap { rank in
      // A worker takes a second SIGTERM for impatience, so it gets each signal once.
      guard members[rank].received.insert(signal).inserted else { return nil }
      return .signal(signal, rank: rank)
    }
  }

  private func finishIfEmpty() -> [Action] {
    let ends = members.compactMap(\.end)
    guard ends.count == members.count else { return [] }
    return [.finish(Outcome(ends: ends, firstFailure: firstFailure, stopSignal: stopSignal))]
  }
}
