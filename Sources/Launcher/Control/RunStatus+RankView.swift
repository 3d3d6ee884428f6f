import RunControl
import WorkerLink

extension RunStatus.Rank {
  /// The status of a running worker.
  init(_ view: RankView, pid: Int32?, isSlow: Bool, restarts: Int, slow: String?, at now: UInt64) {
    self.init(
      rank: view.rank, pid: pid, state: view.isStopped ? .stopped : isSlow ? .stuck : .running,
      phase: view.state.phase.name, seconds: view.time(at: now) / .seconds(1),
      step: view.state.step, restarts: restarts, card: view.state.card?.name,
      cardPeakMegabytes: view.state.card?.peakBytes.map { Double($0) / 1_048_576 }, slow: slow)
    unsaved = view.state.isUnsaved ? true : nil
  }
}
