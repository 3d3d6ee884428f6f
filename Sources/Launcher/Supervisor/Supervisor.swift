import Flags
import Glibc
import Output
import Recipe
import RunControl
import System
import WorkerLink

/// Runs the workers: turns reports from the operating system and other hosts into events of the `Fleet`, and
/// performs its actions on the `Attempt` or passes them to other hosts.
///
/// One thread runs one loop, which waits in poll(2) for deaths, signals, output, other hosts and the fleet's
/// deadline.
final class Supervisor {
  let station: Station
  var launch: Launch { station.launch }
  var attempt: Attempt { station.attempt }
  private var fleet: Fleet
  private var outcome: Outcome?
  /// The other hosts; nil where there are none.
  let hosts: HostLead?
  /// The hosts whose launchers were asked to stop the run.
  private var askers: Set<Int> = []
  /// The lock of the output folder, where the run writes to one.
  private let possession: Possession?
  /// Whether it was reported that another process now has that lock.
  private var isDispossessed = false
  /// The live view on a terminal; nil where lines are passed on unchanged.
  private var view: LiveView?
  /// The first request to stop the run, if there was one.
  private(set) var stopRequest: StopRequest?
  /// Writes the run's page; nil where no files of the run are kept.
  private var report: ReportKeeper?

  /// Prepares everything that can fail before a worker runs.
  init(
    _ launch: Launch, signals: consuming SignalReader, control: ControlServer? = nil,
    possession: Possession? = nil, hosts: HostLead? = nil, console: Console = Console(),
    spawn: @escaping Attempt.Spawn = WorkerProcess.spawn
  ) throws(LaunchError) {
    station = try Station(launch, signals: signals, control: control, console: console, spawn: spawn)
    self.possession = possession
    self.hosts = hosts
    if !launch.isPlain, let steps = launch.progressPath {
      view = LiveView(of: Folders.parent(of: steps), launch.environment)
    }
    if launch.journal != nil, let steps = launch.progressPath {
      report = ReportKeeper(of: Folders.parent(of: steps), flag: flag(setting:))
    }
    station.console.columns = view?.columns ?? (launch.isPlain ? nil : LiveView.columns(launch.environment))
    fleet = Fleet(size: launch.worldSize, grace: launch.grace, restarts: Restarts(launch.restarts))
    if hosts == nil { try station.prepare(attempt) }
  }

  /// Announces the run as the first line on stderr.
  func open() {
    station.console.print(attempt.openingLine)
    for note in launch.notes + [launch.journal?.begin(launch)].compactMap(\.self) {
      station.console.print("note: \(note)")
    }
  }

  /// Starts the workers; returns when all have ended and their output is written.
  func run() -> Outcome {
    if let hosts { hosts.gather(for: 0, at: now) } else { take(.begun) }
    while true {
      station.flush()
      if let outcome { return outcome }
      takeTurn()
    }
  }

  /// Says how the run ended, as the last lines on stderr.
  func close(_ outcome: Outcome) {
    view?.end(attempt, at: now, on: &station.console)
    station.service.end(
      outcome.reason, errno: outcome.errno(outOfMemory: attempt.memoryKills.since != nil),
      succeeded: outcome.isOrderly)
    // A user who has asked to stop should not wait for a stalled reader.
    station.console.drain(patience: outcome.stopSignal == nil ? .seconds(5) : .milliseconds(500))
    let text = lastWords(on: outcome)
    launch.journal?.end(status: outcome.exitStatus, reason(for: outcome))
    hosts?.finish(status: outcome.exitStatus, text, isWhole: outcome.ends.allSatisfy(\.ending.isOrderly))
    if let fault = report?.finish() { station.console.print(fault) }
    station.console.write(text)
    station.console.drain(patience: .milliseconds(500))
    guard outcome.isOrderly, let summary = view?.summary else { return }
    station.console.say(summary)
    station.console.drain(patience: .milliseconds(500))
  }
}

/// Events from the operating system for the fleet.
extension Supervisor {
  private func takeTurn() {
    let readable = station.wait(
      for: hosts?.descriptors ?? [], isBusy: hosts?.hasInput ?? false,
      until: [fleet.deadline, hosts?.deadline, view?.nextLook])
    station.takeEnded(collect)
    while let signal = station.signals.next() { receive(signal) }
    if !readable.isEmpty { view?.sayEpochs(of: attempt, at: now, on: &station.console) }
    station.read(readable)
    hearHosts()
    serveControl()
    watchWorkers()
    station.sayCardNews()
    take(.timePassed(now, chance: chance))
    view?.draw(attempt, at: now, on: &station.console)
    if station.service.isHeard { station.service.tell(serviceState, at: now) }
  }

  /// Time since the supervisor was made, on the monotonic clock.
  var now: Duration { station.now }

  private var chance: Double { .random(in: 0...1) }

  private func collect(_ rank: Int) {
    let moment = now
    guard let ending = attempt.collect(rank, &station.console) else { return }
    takeEnd(of: rank, ending, at: moment)
  }

  /// Takes in how a worker of whichever host ended.
  func takeEnd(of rank: Int, _ ending: Ending, at moment: Duration) {
    if ending == .lostPeer, !fleet.knowsStoppedRanks {
      take(.foundStopped(attempt.stoppedRanks + (hosts?.stoppedRanks ?? [])))
    }
    take(.progressed(attempt.newestProgress))
    if fleet.standing == .running { tellHosts(ofFirstEnd: ending, of: rank) }
    if ending == .exited(ExitStatus.inputOutput.rawValue), attempt.lacksRoom(rank) { take(.ranOutOfRoom) }
    take(.ended(rank: rank, ending, at: moment, chance: chance))
  }

  /// Handles a signal to the launcher.
  func receive(_ signal: Signal) {
    if signal == .user1 { take(.checkpointRequested) } else { stop(.signal(signal)) }
  }

  /// Stops the run on a request to this launcher, or to that of another host.
  ///
  /// A scheduler sends a signal to every launcher, so only a second one to the same launcher is insistent.
  func stop(_ request: StopRequest, on host: Int = 0, insisting: Bool = false) {
    stopRequest = stopRequest ?? request
    let isFirst = askers.insert(host).inserted
    guard insisting || !isFirst || !fleet.isAskedToStop else { return }
    let answer = fleet.answerToStop(isForeign: launch.isForeign)
    station.console.print("\(request)\(host == 0 ? "" : " on host \(host)"): \(answer)")
    take(.stopRequested(request.equivalent, at: now, isResumable: launch.isResumable))
  }

  /// Answers the requests on the control socket.
  private func serveControl() {
    station.control?.serve { request in
      switch request.command {
      case .status: break
      case .checkpoint: receive(.user1)
      case .stop:
        if !fleet.isAskedToStop { stop(.command) }
        if request.now ?? false { stop(.command, insisting: true) }
      }
      var status = attempt.status(
        hosts?.isGathering ?? false ? .waiting : fleet.standing, at: now,
        unread: station.console.lostReaders, others: hosts?.ranks ?? [])
      status.hosts = hosts?.states(at: now)
      return ControlAnswer(status: status)
    }
  }

  /// Checks the workers' status when a look is due, and blames those that hang.
  private func watchWorkers() {
    guard let liveness = attempt.liveness, now >= liveness.nextLook else { return }
    keepPossession()
    if let fault = report?.look(liveness.read(0)?.state.finished?.number, at: now) {
      station.console.print(fault)
    }
    if fleet.isWritingStacks { return waitForStacks(liveness) }
    let found = liveness.look(attempt.workers.values, at: now, isHeldUp: station.console.isCongested)
    for straggler in found.stragglers { station.console.print("note: \(straggler)") }
    if !found.hangs.isEmpty { end(found.hangs) }
  }

  /// Has all ranks write their stacks and then ends them, because of those that hang.
  func end(_ hangs: [Hang]) {
    let actions = fleet.handle(.hung(hangs, at: now))
    guard !actions.isEmpty else { return }
    for hang in hangs { station.console.print("rank \(hang.rank) is \(hang)") }
    station.console.print("all workers write their stacks into their logs, and are ended then")
    attempt.expectStacks(&station.console)
    perform(actions)
    _ = attempt.liveness?.haveWrittenStacks(attempt.workers.values, at: now)
  }

  private func waitForStacks(_ liveness: Liveness) {
    // Those of other hosts may take all of their time.
    guard hosts == nil, liveness.haveWrittenStacks(attempt.workers.values, at: now) else { return }
    take(.stacksWritten(at: now))
  }

  /// Regains the lock after somebody removed the output folder and a worker made it anew.
  private func keepPossession() {
    do throws(OutputError) {
      try possession?.keep()
      isDispossessed = false
    } catch {
      if !isDispossessed { station.console.print("warning: \(error)") }
      isDispossessed = true
    }
  }
}

/// Actions of the fleet for the workers and for the user.
extension Supervisor {
  func take(_ event: Fleet.Event) { perform(fleet.handle(event)) }

  /// Performs actions in order, and then those that follow from their results.
  private func perform(_ actions: [Fleet.Action]) {
    var waiting = actions[...]
    while let action = waiting.popFirst() {
      if let event = perform(action) { waiting += fleet.handle(event) }
    }
  }

  /// Performs an action; returns the event that results, if any.
  private func perform(_ action: Fleet.Action) -> Fleet.Event? {
    switch action {
    case .launch(let rank): return launch(rank)
    case .signal(let signal, let rank):
      if launch.ranks.contains(rank) { attempt.send(signal, to: rank) } else { hosts?.send(signal, to: rank) }
    case .retry(let outcome, let delay, let number): sayRetry(after: outcome, delay, number)
    case .begin(let number): return begin(number)
    case .finish(let outcome): self.outcome = outcome
    }
    return nil
  }

  private func launch(_ rank: Int) -> Fleet.Event {
    guard launch.ranks.contains(rank) else {
      // The other host's launcher reports the rank's end if it could not be started.
      hosts?.launch(rank)
      return .launched(rank: rank)
    }
    do throws(LaunchError) {
      try station.launch(rank)
      return .launched(rank: rank)
    } catch {
      return notStarted(rank, error)
    }
  }

  /// Prepares another attempt, or first waits for all hosts; an obstacle counts as a rank's failure to start.
  private func begin(_ number: Int) -> Fleet.Event? {
    if let hosts {
      hosts.gather(for: number, at: now)
      return nil
    }
    let obstacle = prepare(Attempt(number, of: launch))
    return obstacle.map { notStarted(0, $0) } ?? .begun
  }

  /// Prepares an attempt here; returns why that failed, or nil.
  func prepare(_ next: Attempt) -> LaunchError? {
    var obstacle: LaunchError?
    do throws(LaunchError) {
      try station.prepare(next)
    } catch {
      obstacle = error
    }
    if next.number > 0 { station.console.print(attempt.beginningLine) }
    return obstacle
  }

  func notStarted(_ rank: Int, _ error: LaunchError) -> Fleet.Event {
    .ended(rank: rank, Ending(refused: error), at: now, chance: chance)
  }

  private func sayRetry(after outcome: Outcome, _ delay: Duration, _ number: Int) {
    guard let rank = outcome.firstFailure else { return }
    let report = report(outcome, firstFailure: rank)
    launch.journal?.fail(attempt: outcome.attempt, report.inShort)
    let text =
      report.shortText
      + Console.line(launch.retryLine(after: delay, number: number))
    station.console.write(text)
    hosts?.tellAll(.retry(text))
  }

  private var serviceState: SystemdReport.State {
    SystemdReport.State(
      attempt: fleet.attempt.number, step: attempt.firstRanksStep, movement: attempt.movement,
      end: fleet.endAsAsked, isWaiting: fleet.isWaiting)
  }
}
