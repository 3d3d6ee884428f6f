import Board
import Collective
import Glibc
import Output
import System

/// Runs the workers: turns what the operating system reports into events of the `Fleet`, and performs its actions.
///
/// One thread and one loop, which waits in poll(2) for deaths, signals, output and the fleet's deadline together.
final class Supervisor {
  var launch: Launch
  /// Those of this attempt.
  var outputs: [RankOutput]
  /// The process identifiers of all ranks that were started.
  var processes: [Int: pid_t] = [:]
  var console = Console()
  /// Of the console's readers that went, how many have been told of.
  var saidLostReaders = 0
  var workers: [Int: WorkerProcess] = [:]
  let ended: ReadyQueue
  let signals: SignalReader

  /// The ranks whose processes were stopped when the first worker gave up on a peer.
  var stoppedRanks: [Int] = []
  /// Why the attempt that was to begin could not be made ready.
  var obstacle: LaunchError?
  /// How often the kernel killed for want of memory before this attempt.
  var memoryKills: MemoryKills
  /// Tells systemd how the run goes, where it wants to know.
  var service: Service

  var fleet: Fleet
  /// What the workers say of themselves; nil where nobody watches.
  var liveness: Liveness?
  /// Whether all stacks were written when somebody last looked.
  var areStacksWritten = false
  /// Where `status`, `stop` and `checkpoint` come in.
  let control: ControlServer?
  /// The output folder, where the run writes to one.
  let possession: Possession?
  /// Whether it was said that another process has the output folder's lock.
  var isDispossessed = false
  private var outcome: Outcome?
  private let start = SuspendingClock().now
  /// Nobody writes to it: its write end closes when the launcher ends, by whatever means, and each worker sees
  /// the end of the stream. PR_SET_PDEATHSIG would not do, as it follows the thread that spawned the worker.
  private let lifeline: Pipe
  /// The file in memory that the workers share; theirs alone once all of them are started.
  var memory: Descriptor?
  /// Where the ranks of this attempt meet.
  var sockets: SocketFolder

  /// Gets everything ready that can fail before a worker runs.
  init(
    _ launch: Launch, signals: consuming SignalReader, control: ControlServer? = nil,
    possession: Possession? = nil
  ) throws(LaunchError) {
    self.launch = launch
    sockets = try .made(for: &self.launch)
    self.signals = signals
    self.control = control
    self.possession = possession
    liveness = try .make(launch)
    self.launch.placement.hasBoard = liveness != nil
    outputs = try Self.openOutputs(launch)
    memoryKills = MemoryKills()
    service = Service(environment: launch.environment, isTraining: launch.progress != nil)
    fleet = Fleet(size: launch.size, grace: launch.grace, restarts: Restarts(launch.restarts))
    ended = try ReadyQueue()
    lifeline = try Pipe()
    memory = try .memoryFile(for: launch.placement.meeting)
    if memory == nil { self.launch.placement.meeting.memory = nil }
  }

  /// Time since the supervisor was made, on the monotonic clock.
  var now: Duration { start.duration(to: SuspendingClock().now) }

  /// Starts the workers and returns when all have ended and their output is out.
  func run() -> Outcome {
    perform(fleet.handle(.begun))
    while true {
      console.flush()
      sayLostReaders()
      if let outcome { return outcome }
      takeTurn()
    }
  }

  private func takeTurn() {
    let deadlines = [fleet.deadline, service.deadline, liveness?.nextLook]
    let readable = waitForInput(until: deadlines.compactMap(\.self).min())
    for rank in ended.takeEnded() { collect(rank) }
    while let signal = signals.next() { receive(signal) }
    for source in readable { read(source) }
    serveControl()
    watchWorkers()
    perform(fleet.handle(.timePassed(now)))
    tellService()
  }

  private func collect(_ rank: Int) {
    guard let worker = workers.removeValue(forKey: rank) else { return }
    let moment = now
    let ending = worker.collect()
    readRest(of: worker)
    if ending == .lostPeer, stoppedRanks.isEmpty {
      stoppedRanks = workers.values.filter(\.isStopped).map(\.rank).sorted()
    }
    _ = fleet.handle(.progressed(progress))
    perform(fleet.handle(.ended(rank: rank, ending, at: moment)))
  }

  func receive(_ signal: Signal) {
    guard signal != .user1 else { return perform(fleet.handle(.checkpointRequested)) }
    console.say("\(signal): \(answer)")
    perform(fleet.handle(.stopRequested(signal, at: now)))
  }

  /// What a request to stop leads to now.
  private var answer: String {
    if fleet.isWaiting { return "not starting the workers again" }
    return fleet.deadline == nil
      ? "asking the workers to stop after this step; a second one stops them at once"
      : "stopping the workers at once"
  }
}

extension Supervisor {
  private var inheritance: WorkerProcess.Inheritance {
    // Borrowed: a copy of what a noncopyable optional holds would take it away.
    let shared: CInt? =
      switch memory {
      case .some(let file): file.number
      case .none: nil
      }
    return WorkerProcess.Inheritance(
      lifeline: lifeline.reading.number, memory: shared, board: liveness?.board.descriptor)
  }

  func perform(_ actions: [Fleet.Action]) {
    for action in actions {
      switch action {
      case .launch(let rank): start(rank)
      case .signal(let signal, let rank): workers[rank]?.send(signal)
      case .retry(let outcome, let delay, let number): sayRetry(after: outcome, delay, number)
      case .begin(let attempt): prepare(attempt)
      case .finish(let outcome): self.outcome = outcome
      }
    }
    // The workers have it once all of them are started.
    if actions.contains(where: \.isLaunch) { memory = nil }
  }

  private func start(_ rank: Int) {
    liveness?.board.begin(rank: rank, at: monotonicNanoseconds())
    do throws(LaunchError) {
      if let obstacle { throw obstacle }
      let worker = try WorkerProcess.spawn(
        launch.command(rank: rank), rank: rank, inheriting: inheritance)
      workers[rank] = worker
      processes[rank] = worker.identifier
      try ended.watch(worker.handle, rank: rank)
    } catch {
      // One that runs, but cannot be watched, is ended too.
      _ = workers.removeValue(forKey: rank)?.collect()
      perform(fleet.handle(.ended(rank: rank, .notStarted(error.description), at: now)))
    }
  }
}
