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
}
