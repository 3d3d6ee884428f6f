import Drawing
import Glibc
import Recipe
import RunControl
import System
import WorkerLink

/// How the attempt stands and ends, for whoever wants to know: the user, `status`, systemd.
extension Attempt {
  /// What is about to run.
  var openingLine: String {
    "run \(launch.runIdentifier): \(counted(launch.size, "worker")) with "
      + counted(launch.placement.threads.count, "thread") + (launch.size > 1 ? " each" : "")
      + (launch.hosts.map { " on each of \($0.hosts) hosts" } ?? "") + "; "
      + (logFolder.map { "logs in \($0)" } ?? "no logs")
  }

  /// That it begins, where it is not the first.
  var beginningLine: String { "attempt \(number)" + (logFolder.map { ": logs in \($0)" } ?? "") }

  /// What is known here of a worker of this host.
  func facts(of rank: Int) -> WorkerFacts {
    WorkerFacts(
      process: processes[rank], lastLines: outputs[rank]?.tail.text ?? [], logPath: logPath(rank: rank),
      phase: phase(of: rank), card: card(of: rank), cardReading: reading(ofCardOf: rank),
      memoryKills: memoryKills.since,
      message: errorPath(rank: rank).flatMap(ErrorFile.message(in:)))
  }

  /// What went wrong, after the rank's failure.
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

  /// The card that a rank told of, and what the user calls it.
  private func card(of rank: Int) -> String? {
    guard let card = liveness?.read(rank)?.state.card else { return nil }
    let name = launch.cards?.userName(of: card.number).map { ", which is \($0)" }
    return card.name + (name ?? "")
  }

  /// What the card of a rank says of itself, where it can be told which that is.
  private func reading(ofCardOf rank: Int) -> CardReading? {
    guard let card = liveness?.read(rank)?.state.card, card.kind == .cuda, let cards = launch.cards else {
      return nil
    }
    return launch.cardMonitor?.reading(
      of: card.number, among: cards, order: launch.environment["CUDA_DEVICE_ORDER"])
  }

  /// What a rank was busy with at its end, if it got beyond its start.
  private func phase(of rank: Int) -> String? {
    guard let state = liveness?.read(rank)?.state, state.epoch != nil else { return nil }
    return state.phase.name
  }

  /// Whether a rank of this host has waited in vain for room on its disk.
  func lacksRoom(_ rank: Int) -> Bool {
    launch.ranks.contains(rank) && liveness?.read(rank)?.state.lacksRoom == true
  }

  /// What `status` tells of it, that long after the launcher's start.
  ///
  /// - Parameter others: The ranks of other hosts, as these have told of them.
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

  /// How the ranks of this host stand.
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

  /// What the first rank says of its steps, once it has done one.
  ///
  /// Of the board, since the file of a run that is gone on with ends with steps of an earlier attempt.
  var firstRanksStep: WorkerStatus? {
    guard let state = liveness?.read(launch.ranks.lowerBound)?.state, state.stepsDone > 0 else { return nil }
    return state
  }

  /// Grows as all ranks move: each says so on the board, and rank 0 has a line for every so many steps, none of which
  /// ends before every rank has added its gradients.
  /// Of a program of the user's nobody can tell: it counts as moving while it runs.
  var movement: Int {
    launch.isForeign
      ? Int(monotonicNanoseconds() / 1_000_000_000)
      : (outputs[0]?.outputLines ?? 0) + (liveness?.movement ?? 0)
  }
}

extension Launch {
  /// That another attempt follows, the `number`th start of those that the budget allows.
  func retryLine(after delay: Duration, number: Int) -> String {
    "starting again in \(elapsed(delay)) (\(number) of \(restarts.count))"
  }

  /// That a host ends without host 0, whose run goes on later from what it has saved.
  func partingLine(on request: StopRequest, hasLaunched: Bool) -> String {
    let fate = hasLaunched ? "host 0 is not dialled any longer" : "the run has not begun here; this host ends"
    return "\(request): \(fate)" + (isResumable ? "; \(advice.again) goes on" : "")
  }

  /// The status with which it does.
  func partingStatus(on request: StopRequest) -> CInt {
    isResumable ? ExitStatus.stoppedEarly.rawValue : 128 + request.equivalent.number
  }

  /// How a run ended that did not fail.
  ///
  /// - Parameter request: Who asked first to stop it, if anybody did.
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

  /// What a run has lost whose workers were ended at once, and how it goes on.
  private var loss: String {
    if isForeign { return "" }
    guard let newest = isResumable ? resumption?.newest : nil else { return ", before the state was saved" }
    return "; what came after checkpoint \(newest) is lost, and \(advice.again) goes on from there"
  }
}

extension Fleet {
  /// What a request to stop leads to now.
  ///
  /// - Parameter isForeign: Whether the workers are a program of the user's, which need not have steps.
  func answerToStop(isForeign: Bool) -> String {
    if isWaiting { return "not starting the workers again" }
    if !hasStarted {
      return attempt.number > 0 ? "not starting the workers again" : "ending before a worker is started"
    }
    return deadline == nil
      ? "asking the workers to stop\(isForeign ? "" : " after this step"); a second one stops them at once"
      : "stopping the workers at once"
  }

  /// How the run stands.
  var standing: RunStatus.State { isWaiting ? .waiting : deadline == nil ? .running : .stopping }
}
