import CLinux
import Glibc

/// Processes that can be waited for without being their parent, and without taking later ones for them.
final class ProcessHandles {
  private let handles: [Int: Int32]

  /// Workers by rank; those that are gone already need not be waited for.
  init(_ processes: [Int: pid_t]) {
    handles = processes.mapValues(linux_open_process).filter { $0.value >= 0 }
  }

  deinit { for handle in handles.values { close(handle) } }

  /// Waits until all of them have ended.
  func waitUntilGone(by deadline: ContinuousClock.Instant) throws {
    let start = ContinuousClock.now
    for (rank, handle) in handles where !wait(for: handle, until: deadline) {
      throw TestError("rank \(rank) is still there after \(ContinuousClock.now - start)")
    }
  }
}
