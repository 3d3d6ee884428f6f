import Glibc
import Recipe
import System
import WorkerLink

/// How the run stands and ends, for whoever wants to know: the user, `status`, systemd.
extension Supervisor {
  /// Says how the run ended.
  func sayEnd(_ outcome: Outcome) {
    guard let rank = outcome.firstFailure else {
      return console.print(launch.closingLine(outcome, after: now))
    }
    console.errors.write(report(outcome, firstFailure: rank).text)
    if let reason = outcome.reasonToStop { console.print("not started again: \(reason)") }
  }

  /// Says that an attempt failed and that another follows.
  func sayRetry(after outcome: Outcome, _ delay: Duration, _ number: Int) {
    guard let rank = outcome.firstFailure else { return }
    console.errors.write(report(outcome, firstFailure: rank).shortText)
    console.print(launch.retryLine(after: delay, number: number))
  }

  private func report(_ outcome: Outcome, firstFailure rank: Int) -> FailureReport {
    FailureReport(
      runIdentifier: launch.runIdentifier, outcome: outcome, failure: outcome.ends[rank],
      process: processes[rank], lastLines: outputs[rank].tail.text, logPath: launch.logPath(rank: rank),
      advice: launch.currentAdvice, phase: phase(of: rank),
      attempt: launch.restarts.count > 0 ? outcome.attempt : nil,
      card: launch.cards.indices.contains(rank) ? launch.cards[rank] : nil,
      memoryKills: memoryKills.since)
  }

  /// What a rank was busy with at its end, if it got beyond its start.
  private func phase(of rank: Int) -> String? {
    guard let state = liveness?.board.read(rank: rank)?.state, state.epoch != nil else { return nil }
    return state.phase.name
  }

  /// What `status` tells.
  var status: RunStatus {
    let moment = monotonicNanoseconds()
    let views = liveness?.views(of: workers.values) ?? []
    let ranks = (0..<launch.size).map { rank in
      views.first { $0.rank == rank }.map { self.rank($0, at: moment) } ?? endedOrUnknown(rank)
    }
    let first = views.first?.state
    return RunStatus(
      run: launch.runIdentifier, attempt: launch.attempt, launcher: getpid(),
      state: fleet.isWaiting ? .waiting : fleet.deadline == nil ? .running : .stopping,
      uptimeSeconds: now / .seconds(1),
      epoch: first?.epoch, step: first?.step, stepsOfEpoch: first?.stepsOfEpoch, loss: first?.loss,
      imagesPerSecond: first?.imagesPerSecond,
      healthy: !fleet.isWaiting && ranks.allSatisfy { $0.state == .running || $0.state == .ended },
      unread: console.lostReaders.isEmpty ? nil : console.lostReaders, ranks: ranks)
  }

  private func rank(_ view: RankView, at moment: UInt64) -> RunStatus.Rank {
    RunStatus.Rank(
      view, pid: processes[view.rank], isSlow: liveness?.isSlow(view) ?? false, restarts: launch.attempt,
      slow: liveness?.currentStragglers.first { $0.rank == view.rank }?.description, at: moment)
  }

  private func endedOrUnknown(_ rank: Int) -> RunStatus.Rank {
    RunStatus.Rank(
      rank: rank, pid: processes[rank], state: workers[rank] == nil ? .ended : .running,
      restarts: launch.attempt)
  }

  /// What systemd is told from time to time.
  var serviceState: SystemdReport.State {
    SystemdReport.State(
      attempt: fleet.attempt.number, step: firstRanksStep, movement: movement, end: fleet.endAsAsked,
      isWaiting: fleet.isWaiting)
  }

  /// Of the board, since the file of a run that is gone on with ends with steps of an earlier attempt.
  private var firstRanksStep: WorkerStatus? {
    guard let state = liveness?.board.read(rank: 0)?.state, state.stepsDone > 0 else { return nil }
    return state
  }

  /// Grows as all ranks move: each says so on the board, and rank 0 has a line for every so many steps, none of which
  /// ends before every rank has added its gradients.
  private var movement: Int { outputs[0].outputLines + (liveness?.movement ?? 0) }
}
