import Collective
import Glibc
import Output
import Recipe
import System
import WorkerLink

/// Runs the workers: turns what the operating system reports into events of the `Fleet`, and performs its actions.
///
/// One thread and one loop, which waits in poll(2) for deaths, signals, output and the fleet's deadline together.
final class Supervisor {
  private(set) var launch: Launch
  private(set) var fleet: Fleet
  private(set) var workers: [Int: WorkerProcess] = [:]
  /// The process identifiers of all ranks that were started.
  private(set) var processes: [Int: pid_t] = [:]
  /// Those of this attempt.
  private(set) var outputs: [RankOutput]
  /// What the workers say of themselves; nil where nobody watches.
  private(set) var liveness: Liveness?
  /// How often the kernel killed for want of memory before this attempt.
  private(set) var memoryKills = MemoryKills()
  var console: Console

  let ended: ReadyQueue
  let signals: SignalReader
  /// Where `status`, `stop` and `checkpoint` come in.
  let control: ControlServer?
  private let spawn: Spawn
  /// The output folder, where the run writes to one.
  private let possession: Possession?
  /// Whether it was said that another process has the output folder's lock.
  private var isDispossessed = false
  /// Of the console's readers that went, how many have been told of.
  private var saidLostReaders = 0
  /// Tells systemd how the run goes, where it wants to know.
  private var service: SystemdService
  private var outcome: Outcome?
  private let start = SuspendingClock().now
  /// Nobody writes to it: its write end closes when the launcher ends, by whatever means, and each worker sees
  /// the end of the stream. PR_SET_PDEATHSIG would not do, as it follows the thread that spawned the worker.
  private let lifeline: Pipe
  /// The file in memory that the workers share; theirs alone once all of them are started.
  private var memory: Descriptor?
  /// Where the ranks of this attempt meet.
  private var sockets: SocketFolder

  /// Starts one rank.
  typealias Spawn = (WorkerCommand, Int, WorkerProcess.Inheritance) throws(LaunchError) -> WorkerProcess

  /// Gets everything ready that can fail before a worker runs.
  init(
    _ launch: Launch, signals: consuming SignalReader, control: ControlServer? = nil,
    possession: Possession? = nil, console: Console = Console(), spawn: @escaping Spawn = WorkerProcess.spawn
  ) throws(LaunchError) {
    self.launch = launch
    self.console = console
    self.spawn = spawn
    sockets = try .made(for: &self.launch)
    self.signals = signals
    self.control = control
    self.possession = possession
    liveness = try .make(launch)
    self.launch.placement.hasBoard = liveness != nil
    outputs = try RankOutput.all(of: launch)
    service = SystemdService(environment: launch.environment, isTraining: launch.progress != nil)
    fleet = Fleet(size: launch.size, grace: launch.grace, restarts: Restarts(launch.restarts))
    ended = try ReadyQueue()
    lifeline = try Pipe()
    memory = try .memoryFile(for: launch.placement.rendezvous)
    if memory == nil { self.launch.placement.rendezvous.memory = nil }
  }

  /// Time since the supervisor was made, on the monotonic clock.
  var now: Duration { start.duration(to: SuspendingClock().now) }

  /// Says what is about to run, as the first thing on stderr.
  func open() {
    console.print(launch.openingLine)
    for note in launch.notes { console.print("note: \(note)") }
  }

  /// Starts the workers and returns when all have ended and their output is out.
  func run() -> Outcome {
    take(.begun)
    while true {
      console.flush()
      sayLostReaders()
      if let outcome { return outcome }
      takeTurn()
    }
  }

  /// Says how the run ended, as the last thing on stderr.
  func close(_ outcome: Outcome) {
    service.end(
      outcome.reason, errno: outcome.errno(outOfMemory: memoryKills.since != nil),
      succeeded: [.done, .stoppedEarly].contains(ExitStatus(rawValue: outcome.exitStatus)))
    // Somebody who has asked to stop is not kept waiting by a reader that has stalled.
    console.drain(patience: outcome.stopSignal == nil ? .seconds(5) : .milliseconds(500))
    sayEnd(outcome)
    console.drain(patience: .milliseconds(500))
  }
}

extension Supervisor {
  private func takeTurn() {
    let deadlines = [fleet.deadline, service.deadline, liveness?.nextLook]
    let readable = waitForInput(until: deadlines.compactMap(\.self).min())
    for rank in ended.takeReady() { collect(rank) }
    while let signal = signals.next() { receive(signal) }
    for source in readable { read(source) }
    serveControl()
    watchWorkers()
    take(.timePassed(now, chance: chance))
    if service.isHeard { service.tell(serviceState, at: now) }
  }

  private var chance: Double { .random(in: 0...1) }

  private func collect(_ rank: Int) {
    guard let worker = workers.removeValue(forKey: rank) else { return }
    let moment = now
    let ending = worker.collect()
    readRest(of: worker)
    if ending == .lostPeer, !fleet.knowsStoppedRanks {
      take(.foundStopped(workers.values.filter(\.isStopped).map(\.rank).sorted()))
    }
    take(.progressed(launch.progress?.newest))
    take(.ended(rank: rank, ending, at: moment, chance: chance))
  }

  private func receive(_ signal: Signal) {
    guard signal != .user1 else { return take(.checkpointRequested) }
    console.print("\(signal): \(fleet.answerToStop)")
    take(.stopRequested(signal, at: now))
  }

  /// Answers those who ask on the control socket.
  private func serveControl() {
    control?.serve { request in
      switch request.command {
      case .status: break
      case .checkpoint: receive(.user1)
      case .stop:
        if !fleet.isAskedToStop { receive(.terminate) }
        if request.now ?? false { receive(.terminate) }
      }
      return ControlAnswer(status: status)
    }
  }

  /// Looks at what the workers say of themselves, when it is time to; blames those that are stuck.
  private func watchWorkers() {
    guard let liveness, now >= liveness.nextLook else { return }
    keepPossession()
    if fleet.isWritingStacks { return waitForStacks(liveness) }
    let found = liveness.look(workers.values, at: now, isHeldUp: console.isCongested)
    for straggler in found.stragglers { console.print("note: \(straggler)") }
    if !found.hangs.isEmpty { end(found.hangs, liveness) }
  }

  /// Whoever removes the output folder removes its lock, and a worker makes the folder anew.
  private func keepPossession() {
    do throws(OutputError) {
      try possession?.keep()
      isDispossessed = false
    } catch {
      if !isDispossessed { console.print("warning: \(error)") }
      isDispossessed = true
    }
  }

  private func end(_ hangs: [Hang], _ liveness: Liveness) {
    let actions = fleet.handle(.hung(hangs, at: now))
    guard !actions.isEmpty else { return }
    for hang in hangs { console.print("rank \(hang.rank) is \(hang)") }
    console.print("all workers write their stacks into their logs, and are ended then")
    for worker in workers.values { expectStacks(of: worker) }
    perform(actions)
    _ = liveness.haveWrittenStacks(workers.values, at: now)
  }

  private func waitForStacks(_ liveness: Liveness) {
    guard liveness.haveWrittenStacks(workers.values, at: now) else { return }
    for output in outputs { output.isQuiet = false }
    take(.stacksWritten(at: now))
  }

  /// Says once of each reader of our output that it went, where somebody will look: in rank 0's log, and on stderr.
  private func sayLostReaders() {
    let lost = console.lostReaders.count
    guard lost > saidLostReaders else { return }
    saidLostReaders = lost
    let text = console.lostReadersLine
    outputs[0].note(text, console: &console)
    console.print("note: \(text)")
  }
}

extension Supervisor {
  private func take(_ event: Fleet.Event) { perform(fleet.handle(event)) }

  /// Performs actions in their order, then those that what came of them leads to.
  private func perform(_ actions: [Fleet.Action]) {
    var waiting = actions[...]
    while let action = waiting.popFirst() {
      if let event = perform(action) { waiting += fleet.handle(event) }
    }
  }

  /// What came of the action, where the fleet is to know.
  private func perform(_ action: Fleet.Action) -> Fleet.Event? {
    switch action {
    case .launch(let rank): return launch(rank)
    case .signal(let signal, let rank): workers[rank]?.send(signal)
    case .retry(let outcome, let delay, let number): sayRetry(after: outcome, delay, number)
    case .begin(let attempt): return begin(attempt)
    case .finish(let outcome): self.outcome = outcome
    }
    return nil
  }

  private func launch(_ rank: Int) -> Fleet.Event {
    liveness?.board.begin(rank: rank, at: monotonicNanoseconds())
    defer { if rank == launch.size - 1 { memory = nil } }
    do throws(LaunchError) {
      let worker = try spawn(launch.command(rank: rank), rank, inheritance)
      workers[rank] = worker
      processes[rank] = worker.identifier
      try ended.watch(worker.handle, rank: rank)
      return .launched(rank: rank)
    } catch {
      // One that runs, but cannot be watched, is ended too.
      _ = workers.removeValue(forKey: rank)?.collect()
      return notStarted(rank, error)
    }
  }

  private func notStarted(_ rank: Int, _ error: LaunchError) -> Fleet.Event {
    memory = nil
    return .ended(rank: rank, .notStarted(error.description), at: now, chance: chance)
  }

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

  /// Gets another attempt ready; what stands in the way is its first rank's failure to start.
  private func begin(_ attempt: Int) -> Fleet.Event {
    processes = [:]
    memoryKills = MemoryKills()
    var obstacle: LaunchError?
    do throws(LaunchError) {
      try launch.advance(to: attempt)
      sockets = try .made(for: &launch)
      try reopenOutputs()
      liveness = try .make(launch)
      memory = try .memoryFile(for: launch.placement.rendezvous)
    } catch {
      obstacle = error
    }
    if memory == nil { launch.placement.rendezvous.memory = nil }
    console.print(launch.attemptLine)
    return obstacle.map { notStarted(0, $0) } ?? .begun
  }

  /// New files, or none for this attempt: logs that cannot be kept end no run that was well on its way.
  private func reopenOutputs() throws(LaunchError) {
    launch.isLogged = true
    do throws(LaunchError) {
      outputs = try RankOutput.all(of: launch)
    } catch {
      console.print("\(error) This attempt has no logs.")
      launch.isLogged = false
      outputs = try RankOutput.all(of: launch)
    }
  }
}
