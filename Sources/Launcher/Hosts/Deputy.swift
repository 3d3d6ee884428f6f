import Drawing
import Glibc
import Recipe
import RunControl
import System
import Wire

/// Runs the workers of a host other than the first: reports to host 0 what happens here, and carries out what
/// host 0 decides.
///
/// One thread and one loop, as in `Supervisor`, which has the fleet. When host 0 is lost, it ends the workers
/// and dials host 0 again.
final class Deputy {
  private let station: Station
  private let plan: HostPlan
  private let dial: HostDial
  private let timeouts: HostTimeouts
  private var description: HostDescription
  private var standing: Standing
  /// The run's name, once host 0 has told it.
  private var runName: String?
  /// Whether a worker was started here in any attempt, and whether this host takes part in the present one.
  private var hasLaunched = false
  private var takesPart = false
  /// Whether host 0 is connected but has not been sent this host's description.
  private var owesJoin = false
  private var pulse: HostPulse

  init(
    _ launch: Launch, _ plan: HostPlan, _ description: HostDescription, _ timeouts: HostTimeouts,
    key: RendezvousKey?, signals: consuming SignalReader, control: ControlServer?
  ) throws(LaunchError) {
    self.plan = plan
    self.description = description
    self.timeouts = timeouts
    standing = .dialling(Dialling(until: timeouts.join))
    pulse = HostPulse(silence: timeouts.silence)
    station = try Station(launch, signals: signals, control: control)
    dial = try HostDial(plan.meeting, key: key)
  }

  /// Takes part until the run is over; returns the exit status, which is the same on all hosts unless host 0
  /// was lost.
  func run() -> CInt {
    for note in station.launch.notes { station.console.print("note: \(note)") }
    station.console.print("dialling host 0 at \(plan.meeting)")
    while true {
      station.flush()
      if case .leaving(let status, let deadline) = standing, workers.isEmpty || station.now >= deadline {
        return end(with: status)
      }
      takeTurn()
    }
  }

  private var workers: [Int: WorkerProcess] { station.attempt.workers }

  private func end(with status: CInt) -> CInt {
    station.service.end(
      ExitStatus(rawValue: status)?.meaning ?? "stopped", errno: nil,
      succeeded: [.done, .stoppedEarly].contains(ExitStatus(rawValue: status)))
    dial.close()
    station.console.drain(patience: .seconds(5))
    return status
  }
}

/// What happens on this host.
extension Deputy {
  private func takeTurn() {
    let readable = station.wait(for: dial.descriptors, isBusy: dial.hasInput, until: [deadline])
    station.takeEnded(collect)
    while let signal = station.signals.next() { receive(signal) }
    station.read(readable)
    do {
      while let news = try dial.next() { try take(news) }
    } catch {
      leave(with: error)
    }
    serveControl()
    watchWorkers()
    station.sayCardNews()
    watchTime()
    if station.service.isHeard { station.service.tell(serviceState, at: station.now) }
  }

  private var deadline: Duration {
    switch standing {
    case .dialling(let dialling): min(dialling.deadline, station.now + HostTimeouts.beat)
    case .leaving(_, let deadline): min(deadline, station.now + HostTimeouts.beat)
    case .here: pulse.deadline
    }
  }

  private func collect(_ rank: Int) {
    let ending = station.attempt.collect(rank, &station.console)
    if let ending, standing == .here { tellEnd(of: rank, ending) }
    join()
  }

  private func tellEnd(of rank: Int, _ ending: Ending) {
    dial.send(
      .ended(
        attempt: station.attempt.number, rank: rank, ending,
        ending.isOrderly ? nil : station.attempt.facts(of: rank)))
  }

  private func receive(_ signal: Signal) {
    guard signal == .user1 else { return stop(.signal(signal)) }
    if standing == .here { dial.send(.checkpointRequested) }
  }

  private func stop(_ request: StopRequest) {
    switch standing {
    case .here:
      station.console.print("\(request): asking host 0 to stop the run on all hosts")
      dial.send(.stopRequested(request))
    case .dialling: leave(on: request)
    case .leaving: break
    }
  }

  /// Ends without host 0, whose run can resume later from its checkpoints.
  private func leave(on request: StopRequest) {
    station.console.print(station.launch.partingLine(on: request, hasLaunched: hasLaunched))
    leave(status: station.launch.partingStatus(on: request))
  }

  private func serveControl() {
    station.control?.serve { request in
      switch request.command {
      case .status: break
      case .checkpoint: receive(.user1)
      case .stop:
        stop(.command)
        if request.now ?? false { stop(.command) }
      }
      return ControlAnswer(status: status)
    }
  }

  private var status: RunStatus {
    let waitsFor = standing.waitsFor(at: plan.meeting, takesPart: takesPart)
    var status = station.attempt.status(
      waitsFor == nil ? .running : .waiting, at: station.now, unread: station.console.lostReaders)
    status.run = runName ?? description.run ?? "not known yet"
    status.waitsFor = waitsFor
    return status
  }

  private func watchWorkers() {
    guard let liveness = station.attempt.liveness, station.now >= liveness.nextLook else { return }
    let found = liveness.look(workers.values, at: station.now, isHeldUp: station.console.isCongested)
    for straggler in found.stragglers { station.console.print("note: \(straggler)") }
    if !found.hangs.isEmpty, standing == .here { dial.send(.hung(found.hangs)) }
  }

  private func watchTime() {
    let now = station.now
    let held = pulse.listen(at: now)
    switch standing {
    case .here:
      switch pulse.look(at: now) {
      case .silent: lose("host 0 was not heard for \(elapsed(timeouts.silence))")
      case .due: dial.send(.beat(station.attempt.ranks))
      case nil: break
      }
    case .dialling(var dialling):
      dialling.postpone(by: held)
      let isDue = dialling.takeDial(at: now)
      standing = .dialling(dialling)
      if isDue { redial() }
      dialling.verdict(at: now).map { leave(with: $0.error(of: plan.meeting, within: timeouts.join)) }
    case .leaving: break
    }
  }

  private func redial() {
    do throws(LaunchError) {
      try dial.redial()
    } catch {
      leave(with: error)
    }
  }

  private var serviceState: SystemdReport.State {
    SystemdReport.State(
      attempt: station.attempt.number, step: station.attempt.firstRanksStep,
      movement: station.attempt.movement, isWaiting: standing != .here)
  }
}

/// What host 0 sends, or that it has fallen silent.
extension Deputy {
  private func take(_ news: HostDial.News) throws(LaunchError) {
    switch news {
    case .connected(let own, let far):
      guard dial.mayTalk(to: far) else { throw HostStar.openToAll(plan.meeting) }
      (description.address, description.dialled) = (own.description, far.description)
      if case .dialling(var dialling) = standing {
        dialling.noteConnection()
        standing = .dialling(dialling)
      }
      owesJoin = true
      join()
    case .disconnected:
      owesJoin = false
      if case .leaving = standing { return }
      lose("the connection to host 0 is gone")
    case .refused(let isDialledOn):
      guard case .dialling(var dialling) = standing else { return }
      if dialling.noteRefusal(at: station.now, isDialledOn: isDialledOn) {
        station.console.print("note: host 0 at \(plan.meeting) does not accept this host yet: dialling on")
      }
      standing = .dialling(dialling)
    case .dropped:
      guard case .dialling(var dialling) = standing else { return }
      dialling.noteDrop(at: station.now)
      standing = .dialling(dialling)
    case .order(let order):
      pulse.hear(at: station.now)
      try take(order)
    }
  }

  /// Joins once all workers of an attempt that is over have ended: as long as the kernel has one, it has its
  /// card and memory too.
  private func join() {
    guard owesJoin, workers.isEmpty else { return }
    owesJoin = false
    dial.send(.join(description))
  }

  private func take(_ order: HostOrder) throws(LaunchError) {
    if case .leaving = standing { return }
    switch order {
    case .welcome(let welcome): take(welcome)
    case .refuse(let reason): throw LaunchError(reason, exitStatus: .badConfiguration)
    case .begin(let order): begin(order)
    case .launch(let rank): launch(rank)
    case .signal(let signal, let rank):
      if signal == .user2 { station.attempt.expectStacks(&station.console) }
      station.attempt.send(signal, to: rank)
    case .failed(let rank): station.attempt.liveness?.note(failureOf: rank)
    case .retry(let text):
      takesPart = false
      station.console.write(text)
    case .finish(let status, let text):
      station.console.write(text)
      dial.send(.farewell(host: plan.host))
      leave(status: status)
    case .rejoin: lose("host 0 has counted this host as lost")
    case .beat: break
    }
  }

  private func take(_ welcome: HostWelcome) {
    (standing, runName, takesPart) = (.here, welcome.run, false)
    if let output = welcome.output, let folder = station.launch.logs?.launcher {
      HostNote(run: welcome.run, host: plan.host, first: welcome.first, output: output).write(to: folder)
    }
    station.console.print(welcome.line(to: description, plan))
  }

  private func begin(_ order: AttemptOrder) {
    guard order.places.place(of: plan.host) != nil else { return station.console.print(order.absenceLine) }
    let next = Attempt(
      order.number, of: station.launch.placed(on: order.places),
      on: AttemptHosts(order, plan, address: description.address))
    do throws(LaunchError) {
      try station.prepare(next)
      station.console.print(next.beginningLine)
      dial.send(.begun(attempt: order.number))
    } catch {
      tellEnd(of: station.launch.ranks.lowerBound, Ending(refused: error))
    }
  }

  private func launch(_ rank: Int) {
    (hasLaunched, takesPart) = (true, true)
    do throws(LaunchError) {
      try station.launch(rank)
      pulse.hasten(at: station.now)
    } catch {
      tellEnd(of: rank, Ending(refused: error))
    }
  }

  /// Without host 0 the workers are of no use: those of a next attempt start anew.
  private func lose(_ reason: String) {
    guard standing == .here else { return }
    station.console.print("\(reason); the workers here are ended, and it is dialled again")
    kill()
    standing = .dialling(Dialling(until: station.now + timeouts.join))
    redial()
  }

  private func leave(with error: LaunchError) {
    if case .leaving = standing { return }
    station.console.print("\(error)")
    leave(status: error.exitStatus.rawValue)
  }

  private func leave(status: CInt) {
    kill()
    standing = .leaving(status: status, until: station.now + Fleet.patienceAfterKill)
  }

  private func kill() { for rank in workers.keys { station.attempt.send(.kill, to: rank) } }
}
