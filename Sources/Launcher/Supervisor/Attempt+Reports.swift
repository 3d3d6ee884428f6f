import Drawing
import Glibc
import Recipe
import RunControl
import System
import WorkerLink

/// Texts about the state and the end of an attempt, for the user, `status` and systemd.
extension Attempt {
  /// Announces the run.
  var openingLine: String {
    "run \(launch.runIdentifier): \(counted(launch.size, "worker")) with "
      + counted(launch.placement.threads.count, "thread") + (launch.size > 1 ? " each" : "")
      + (launch.hosts.map { " on each of \($0.hosts) hosts" } ?? "") + "; "
      + (logFolder.map { "logs in \($0)" } ?? "no logs")
  }

  /// Announces an attempt after the first.
  var beginningLine: String { "attempt \(number)" + (logFolder.map { ": logs in \($0)" } ?? "") }

  /// Returns what is known here of a worker of this host.
  func facts(of rank: Int) -> WorkerFacts {
    WorkerFacts(
      process: processes[rank], lastLines: outputs[rank]?.tail.text ?? [], logPath: logPath(rank: rank),
      phase: phase(of: rank), card: card(of: rank), cardReading: reading(ofCardOf: rank),
      memoryKills: memoryKills.since,
      message: errorPath(rank: rank).flatMap(ErrorFile.message(in:)))
  }

  /// Returns the report of the attempt's failure.
  func report(_ outcome: Outcome, firstFailure rank: Int, _ facts: WorkerFacts, host: String? = nil)
    -> FailureReport
  {
    FailureReport(
      runIdentifier: launch.runIdentifier, outcome: outcome, failure: outcome.ends[rank],
      process: facts.process, lastLines: facts.lastLines, logPath: facts.logPath,
      advice: launch.currentAdvice, phase: facts.phase,
      attempt: launch.restarts.count > 0 ? outcome.attempt : nil, card: facts.card,
      cardReading: facts.cardReading,
      memoryKills: facts.memoryKills, message: facts.message, host: host,
      places: launch.hosts.map { _ in launch.places })
  }

  /// The card that a rank reported, with the user's number for it.
  private func card(of rank: Int) -> String? {
    guard let card = liveness?.read(rank)?.state.card else { return nil }
    let name = launch.cards?.userName(of: card.number).map { ", which is \($0)" }
    return card.name + (name ?? "")
  }

  /// Returns the last reading of a rank's card; nil where it cannot be told which card that is.
  private func reading(ofCardOf rank: Int) -> CardReading? {
    guard let card = liveness?.read(rank)?.state.card, card.kind == .cuda, let cards = launch.cards else {
      return nil
    }
    return launch.cardMonitor?.reading(
      of: card.number, among: cards, order: launch.environment["CUDA_DEVICE_ORDER"])
  }

  /// Returns the phase in which a rank ended; nil where it never got beyond its start.
  private func phase(of rank: Int) -> String? {
    guard let state = liveness?.read(rank)?.state, state.epoch != nil else { return nil }
    return state.phase.name
  }

  /// Whether a rank of this host has waited for disk space in vain.
  func lacksRoom(_ rank: Int) -> Bool {
    launch.ranks.contains(rank) && liveness?.read(rank)?.state.lacksRoom == true
  }

  /// Returns the answer to `status`; `now` is the time since the launcher's start.
  ///
  /// - Parameter others: The ranks of other hosts, as their launchers last reported them.
  func status(
    _ state: RunStatus.State, at now: Duration, unread: [String], others: [RunStatus.Rank] = []
  ) -> RunStatus {
    let ranks = self.ranks + others
    let first = liveness?.views(of: workers.values).first?.state
    return RunStatus(
      run: run, attempt: number, launcher: getpid(), state: state,
      uptimeSeconds: now / .seconds(1),
      epoch: first?.epoch, step: first?.step, stepsOfEpoch: first?.stepsOfEpoch, loss: first?.loss,
      imagesPerSecond: first?.imagesPerSecond,
      healthy: state != .waiting && ranks.allSatisfy { $0.state != .stopped && $0.state != .stuck },
      unread: unread.isEmpty ? nil : unread, ranks: ranks)
  }

  /// The state of this host's ranks.
  var ranks: [RunStatus.Rank] {
    let moment = monotonicNanoseconds()
    let views = liveness?.views(of: workers.values) ?? []
    return launch.ranks.map { rank in
      views.first { $0.rank == rank }.map { self.rank($0, at: moment) } ?? unseen(rank)
    }
  }

  private func rank(_ view: RankView, at moment: UInt64) -> RunStatus.Rank {
    var status = RunStatus.Rank(
      view, pid: processes[view.rank], isSlow: liveness?.isSlow(view) ?? false, restarts: number,
      slow: liveness?.currentStragglers.first { $0.rank == view.rank }?.description, at: moment)
    status.cardReading = reading(ofCardOf: view.rank)
    return status
  }

  private func unseen(_ rank: Int) -> RunStatus.Rank {
    RunStatus.Rank(
      rank: rank, pid: processes[rank],
      state: workers[rank] != nil ? .running : processes[rank] == nil ? .waiting : .ended, restarts: number)
  }

  /// The first rank's status, once it has completed a step.
  ///
  /// It comes from the board, since a resumed run's log ends with steps of an earlier attempt.
  var firstRanksStep: WorkerStatus? {
    guard let state = liveness?.read(launch.ranks.lowerBound)?.state, state.stepsDone > 0 else { return nil }
    return state
  }

  /// A counter that grows as all ranks make progress: the board's counter and rank 0's output lines, none of
  /// which is written before every rank has added its gradients.
  /// A user's program cannot be watched; it counts as progressing while it runs.
  var movement: Int {
    launch.isForeign
      ? Int(monotonicNanoseconds() / 1_000_000_000)
      : (outputs[0]?.outputLines ?? 0) + (liveness?.movement ?? 0)
  }
}

extension Launch {
  /// Announces the next attempt, the `number`th restart within the budget's window.
  func retryLine(after delay: Duration, number: Int) -> String {
    "starting again in \(elapsed(delay)) (\(number) of \(restarts.count))"
  }

  /// Says that this host leaves without host 0, whose run can resume later from its checkpoints.
  func partingLine(on request: StopRequest, hasLaunched: Bool) -> String {
    let fate = hasLaunched ? "host 0 is not dialled any longer" : "the run has not begun here; this host ends"
    return "\(request): \(fate)" + (isResumable ? "; \(advice.again) goes on" : "")
  }

  /// The exit status in that case.
  func partingStatus(on request: StopRequest) -> CInt {
    isResumable ? ExitStatus.stoppedEarly.rawValue : 128 + request.equivalent.number
  }

  /// Says how a run ended that did not fail.
  ///
  /// - Parameter request: The first request to stop, if there was one.
  func closingLine(_ outcome: Outcome, on request: StopRequest?, after time: Duration) -> String {
    switch ExitStatus(rawValue: outcome.exitStatus) {
    case .done: "\(counted(worldSize, "worker")) finished in \(elapsed(time))"
    case .stoppedEarly:
      "stopped early after \(elapsed(time)); \(advice.again) \(isForeign ? "starts the program again" : "goes on")"
    default:
      "stopped by \((request ?? .signal(outcome.stopSignal ?? .terminate)).author) after \(elapsed(time))"
        + loss
    }
  }

  /// Says what a run lost whose workers were killed at once, and how to resume it.
  private var loss: String {
    if isForeign { return "" }
    guard let newest = isResumable ? resumption?.newest : nil else { return ", before the state was saved" }
    return "; what came after checkpoint \(newest) is lost, and \(advice.again) goes on from there"
  }
}

extension Fleet {
  /// Returns the answer to a request to stop.
  ///
  /// - Parameter isForeign: Whether the workers are a user's program, which need not have steps.
  func answerToStop(isForeign: Bool) -> String {
    if isWaiting { return "not starting the workers again" }
    if !hasStarted {
      return attempt.number > 0 ? "not starting the workers again" : "ending before a worker is started"
    }
    return deadline == nil
      ? "asking the workers to stop\(isForeign ? "" : " after this step"); a second one stops them at once"
      : "stopping the workers at once"
  }

  /// The state of the run.
  var standing: RunStatus.State { isWaiting ? .waiting : deadline == nil ? .running : .stopping }
}
