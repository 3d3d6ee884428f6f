import Collective
import Glibc

/// Runs the workers: turns what the operating system reports into events of the `Fleet`, and performs its actions.
///
/// One thread and one loop, which waits in poll(2) for deaths, signals, output and the fleet's deadline together.
final class Supervisor {
  private(set) var launch: Launch
  let outputs: [RankOutput]
  /// The process identifiers of all ranks that were started.
  private(set) var processes: [Int: pid_t] = [:]
  var console = Console()
  var workers: [Int: WorkerProcess] = [:]
  let ended: ReadyQueue
  let signals: SignalReader

  /// The ranks whose processes were stopped when the first worker gave up on a peer.
  private(set) var stoppedRanks: [Int] = []

  private var fleet: Fleet
  private var outcome: Outcome?
  private let start = SuspendingClock().now
  /// Nobody writes to it: its write end closes when the launcher ends, by whatever means, and each worker sees
  /// the end of the stream. PR_SET_PDEATHSIG would not do, as it follows the thread that spawned the worker.
  private let lifeline: Pipe
  /// The file in memory that the workers share; theirs alone once all of them are started.
  private var memory: Descriptor?

  /// Gets everything ready that can fail before a worker runs.
  init(_ launch: Launch, signals: consuming SignalReader) throws(LaunchError) {
    self.launch = launch
    self.signals = signals
    var outputs: [RankOutput] = []
    for rank in 0..<launch.size {
      outputs.append(try RankOutput(rank: rank, logPath: launch.logPath(rank: rank)))
    }
    self.outputs = outputs
    fleet = Fleet(size: launch.size, grace: launch.grace)
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
    memory = nil
    while true {
      console.flush()
      if let outcome { return outcome }
      takeTurn()
    }
  }

  private func takeTurn() {
    let readable = waitForInput(until: fleet.deadline)
    for rank in ended.takeEnded() { collect(rank) }
    while let signal = signals.next() { receive(signal) }
    for source in readable { read(source) }
    perform(fleet.handle(.timePassed(now)))
  }

  private func collect(_ rank: Int) {
    guard let worker = workers.removeValue(forKey: rank) else { return }
    let moment = now
    let ending = worker.collect()
    readRest(of: worker)
    if ending == .lostPeer, stoppedRanks.isEmpty {
      stoppedRanks = workers.values.filter(\.isStopped).map(\.rank).sorted()
    }
    perform(fleet.handle(.ended(rank: rank, ending, at: moment)))
  }

  private func receive(_ signal: Signal) {
    guard signal != .user1 else { return perform(fleet.handle(.checkpointRequested)) }
    console.say(
      fleet.deadline == nil
        ? "\(signal): asking the workers to stop after this step; a second one stops them at once"
        : "\(signal): stopping the workers at once")
    perform(fleet.handle(.stopRequested(signal, at: now)))
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
    return WorkerProcess.Inheritance(lifeline: lifeline.reading.number, memory: shared)
  }

  private func perform(_ actions: [Fleet.Action]) {
    for action in actions {
      switch action {
      case .launch(let rank): start(rank)
      case .signal(let signal, let rank): workers[rank]?.send(signal)
      case .finish(let outcome): self.outcome = outcome
      }
    }
  }

  private func start(_ rank: Int) {
    do {
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
