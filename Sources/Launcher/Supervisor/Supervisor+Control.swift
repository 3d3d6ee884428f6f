import Board
import Collective
import Glibc

extension Supervisor {
  /// Answers those who ask on the control socket.
  func serveControl() {
    control?.serve { request in
      switch request.command {
      case .status: break
      case .checkpoint: receive(.user1)
      case .stop: stop(atOnce: request.now ?? false)
      }
      return ControlAnswer(status: status)
    }
  }

  private func stop(atOnce: Bool) {
    if fleet.stopSignal == nil { receive(.terminate) }
    if atOnce { receive(.terminate) }
  }

  private var status: RunStatus {
    let moment = monotonicNanoseconds()
    let views = liveness?.views(of: workers.values) ?? []
    let ranks = (0..<launch.size).map { rank in
      views.first { $0.rank == rank }.map { self.rank($0, at: moment) } ?? endedOrUnknown(rank)
    }
    let first = views.first?.state
    return RunStatus(
      run: launch.runIdentifier, attempt: launch.placement.meeting.generation, launcher: getpid(),
      state: fleet.isWaiting ? .waiting : fleet.deadline == nil ? .running : .stopping,
      uptimeSeconds: now / .seconds(1),
      epoch: first?.epoch, step: first?.step, stepsOfEpoch: first?.stepsOfEpoch, loss: first?.loss,
      imagesPerSecond: first?.imagesPerSecond,
      healthy: !fleet.isWaiting && ranks.allSatisfy { $0.state == .running || $0.state == .ended },
      unread: console.lostReaders.isEmpty ? nil : console.lostReaders, ranks: ranks)
  }

  private func rank(_ view: RankView, at moment: UInt64) -> RunStatus.Rank {
    RunStatus.Rank(
      view, pid: processes[view.rank], isSlow: liveness?.isSlow(view) ?? false,
      restarts: launch.placement.meeting.generation,
      slow: liveness?.currentStragglers.first { $0.rank == view.rank }?.description, at: moment)
  }

  private func endedOrUnknown(_ rank: Int) -> RunStatus.Rank {
    RunStatus.Rank(
      rank: rank, pid: processes[rank], state: workers[rank] == nil ? .ended : .running,
      restarts: launch.placement.meeting.generation)
  }
}
