import Glibc
import Output
import Recipe
import System

/// Runs the workers: turns what the operating system reports into events of the `Fleet`, and performs its actions on
/// the `Attempt`.
///
/// One thread and one loop, which waits in poll(2) for deaths, signals, output and the fleet's deadline together.
final class Supervisor {
  private let launch: Launch
  private var fleet: Fleet
  private var attempt: Attempt
  private var console: Console
  private var outcome: Outcome?

  private let ended: ReadyQueue
  private let signals: SignalReader
  /// Where `status`, `stop` and `checkpoint` come in.
  private let control: ControlServer?
  /// Tells systemd how the run goes, where it wants to know.
  private var service: SystemdService
  /// The output folder, where the run writes to one.
  private let possession: Possession?
  /// Whether it was said that another process has the output folder's lock.
  private var isDispossessed = false
  private let spawn: Attempt.Spawn
  /// Nobody writes to it: its write end closes when the launcher ends, by whatever means, and each worker sees
  /// the end of the stream. PR_SET_PDEATHSIG would not do, as it follows the thread that spawned the worker.
  private let lifeline: Pipe
  private let start = SuspendingClock().now

  /// Gets everything ready that can fail before a worker runs.
  init(
    _ launch: Launch, signals: consuming SignalReader, control: ControlServer? = nil,
    possession: Possession? = nil, console: Console = Console(),
    spawn: @escaping Attempt.Spawn = WorkerProcess.spawn
  ) throws(LaunchError) {
    self.launch = launch
    self.console = console
    self.spawn = spawn
    self.signals = signals
    self.control = control
    self.possession = possession
    attempt = Attempt(0, of: launch)
    service = SystemdService(environment: launch.environment, isTraining: launch.progressPath != nil)
    fleet = Fleet(size: launch.size, grace: launch.grace, restarts: Restarts(launch.restarts))
    ended = try ReadyQueue()
    lifeline = try Pipe()
    try attempt.prepare(&self.console)
  }

  /// Says what is about to run, as the first thing on stderr.
  func open() {
    console.print(attempt.openingLine)
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
      outcome.reason, errno: outcome.errno(outOfMemory: attempt.memoryKills.since != nil),
      succeeded: [.done, .stoppedEarly].contains(ExitStatus(rawValue: outcome.exitStatus)))
    // Somebody who has asked to stop is not kept waiting by a reader that has stalled.
    console.drain(patience: outcome.stopSignal == nil ? .seconds(5) : .milliseconds(500))
    sayEnd(outcome)
    console.drain(patience: .milliseconds(500))
  }
}

/// Events: from the operating system to the fleet.
extension Supervisor {
  private func takeTurn() {
    let readable = waitForInput()
    for rank in ended.takeReady() { collect(rank) }
    while let signal = signals.next() { receive(signal) }
    for source in readable { attempt.read(source, into: &console) }
    serveControl()
    watchWorkers()
    take(.timePassed(now, chance: chance))
    if service.isHeard { service.tell(serviceState, at: now) }
  }

  /// Waits for anything to do, at most until the next deadline; returns the streams that have something to read.
  private func waitForInput() -> [Attempt.Source] {
    // While the reader of our own output is behind, the workers' lines stay in their pipes.
    let sources = console.isCongested ? [] : attempt.openStreams
    let others =
      [ended.descriptor.number, signals.descriptor.number] + [control?.descriptor].compactMap(\.self)
    var entries = (sources.map(\.pipe) + others).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    entries += console.waitingSinks.map { pollfd(fd: $0, events: Int16(POLLOUT), revents: 0) }
    guard poll(&entries, nfds_t(entries.count), millisecondsToDeadline) > 0 else { return [] }
    return zip(sources, entries).filter { $1.revents != 0 }.map(\.0)
  }

  private var millisecondsToDeadline: CInt {
    let deadlines = [fleet.deadline, service.deadline, attempt.liveness?.nextLook].compactMap(\.self)
    guard let deadline = deadlines.min() else { return -1 }
    let rest = max(.zero, deadline - now) / .milliseconds(1)
    return CInt(min(rest.rounded(.up), 60_000))
  }

  /// Time since the supervisor was made, on the monotonic clock.
  private var now: Duration { start.duration(to: SuspendingClock().now) }

  private var chance: Double { .random(in: 0...1) }

  private func collect(_ rank: Int) {
    let moment = now
    guard let ending = attempt.collect(rank, &console) else { return }
    if ending == .lostPeer, !fleet.knowsStoppedRanks { take(.foundStopped(attempt.stoppedRanks)) }
    take(.progressed(attempt.newestProgress))
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
      return ControlAnswer(
        status: attempt.status(fleet.standing, at: now, unread: console.lostReaders))
    }
  }

  /// Looks at what the workers say of themselves, when it is time to; blames those that are stuck.
  private func watchWorkers() {
    guard let liveness = attempt.liveness, now >= liveness.nextLook else { return }
    keepPossession()
    if fleet.isWritingStacks { return waitForStacks(liveness) }
    let found = liveness.look(attempt.workers.values, at: now, isHeldUp: console.isCongested)
    for straggler in found.stragglers { console.print("note: \(straggler)") }
    if !found.hangs.isEmpty { end(found.hangs, liveness) }
  }

  private func end(_ hangs: [Hang], _ liveness: Liveness) {
    let actions = fleet.handle(.hung(hangs, at: now))
    guard !actions.isEmpty else { return }
    for hang in hangs { console.print("rank \(hang.rank) is \(hang)") }
    console.print("all workers write their stacks into their logs, and are ended then")
    attempt.expectStacks(&console)
    perform(actions)
    _ = liveness.haveWrittenStacks(attempt.workers.values, at: now)
  }

  private func waitForStacks(_ liveness: Liveness) {
    guard liveness.haveWrittenStacks(attempt.workers.values, at: now) else { return }
    attempt.endStacks()
    take(.stacksWritten(at: now))
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
}

/// Actions: from the fleet to the workers and to whoever wants to know.
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
    case .signal(let signal, let rank): attempt.send(signal, to: rank)
    case .retry(let outcome, let delay, let number): sayRetry(after: outcome, delay, number)
    case .begin(let number): return begin(number)
    case .finish(let outcome): self.outcome = outcome
    }
    return nil
  }

  private func launch(_ rank: Int) -> Fleet.Event {
    do throws(LaunchError) {
      try attempt.start(rank, lifeline: lifeline.reading.number, watchedBy: ended, spawn)
      return .launched(rank: rank)
    } catch {
      return notStarted(rank, error)
    }
  }

  /// Gets another attempt ready; what stands in the way is its first rank's failure to start.
  private func begin(_ number: Int) -> Fleet.Event {
    attempt = Attempt(number, of: launch)
    var obstacle: LaunchError?
    do throws(LaunchError) {
      try attempt.prepare(&console)
    } catch {
      obstacle = error
    }
    console.print(attempt.beginningLine)
    return obstacle.map { notStarted(0, $0) } ?? .begun
  }

  private func notStarted(_ rank: Int, _ error: LaunchError) -> Fleet.Event {
    .ended(rank: rank, .notStarted(error.description), at: now, chance: chance)
  }

  private func sayEnd(_ outcome: Outcome) {
    guard let rank = outcome.firstFailure else {
      return console.print(launch.closingLine(outcome, after: now))
    }
    console.errors.write(attempt.report(outcome, firstFailure: rank).text)
    if let reason = outcome.reasonToStop { console.print("not started again: \(reason)") }
  }

  private func sayRetry(after outcome: Outcome, _ delay: Duration, _ number: Int) {
    guard let rank = outcome.firstFailure else { return }
    console.errors.write(attempt.report(outcome, firstFailure: rank).shortText)
    console.print(launch.retryLine(after: delay, number: number))
  }

  /// Says once of each reader of our output that it went, where somebody will look: in rank 0's log, and on stderr.
  private func sayLostReaders() {
    guard let text = console.newlyLostReaders() else { return }
    attempt.note(text, &console)
    console.print("note: \(text)")
  }

  private var serviceState: SystemdReport.State {
    SystemdReport.State(
      attempt: fleet.attempt.number, step: attempt.firstRanksStep, movement: attempt.movement,
      end: fleet.endAsAsked, isWaiting: fleet.isWaiting)
  }
}
