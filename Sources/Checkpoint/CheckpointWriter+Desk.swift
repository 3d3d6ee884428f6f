import Dispatch
import Synchronization

extension CheckpointWriter {
  /// What the caller's thread and the saving thread hand each other.
  final class Desk: @unchecked Sendable {
    // Safe: the snapshot is touched by the caller between `take` and the thread's start, then by that thread alone
    // until `giveBack`; both pass the mutex. All else is behind it.
    private(set) var snapshot = Snapshot()
    private let shared = Mutex((isBusy: false, outcomes: [Outcome]()))
    private let underWay = DispatchGroup()

    var isBusy: Bool { shared.withLock { $0.isBusy } }

    /// Makes the snapshot the caller's; false while a save has it.
    func take() -> Bool {
      let isFree = shared.withLock { shared in
        defer { shared.isBusy = true }
        return !shared.isBusy
      }
      if isFree { underWay.enter() }
      return isFree
    }

    func fillSnapshot<Failure: Error>(
      _ fill: (inout Snapshot) throws(Failure) -> Void
    ) throws(Failure) {
      snapshot.clear()
      try fill(&snapshot)
    }

    /// Sets memory aside for snapshots.
    func reserve(_ byteCount: Int) -> MemoryBlock? { snapshot.reserve(byteCount) }

    /// Ends a save, or what came of none.
    func giveBack(_ outcome: Outcome?) {
      shared.withLock { shared in
        if let outcome { shared.outcomes.append(outcome) }
        shared.isBusy = false
      }
      underWay.leave()
    }

    func takeOutcome() -> Outcome? {
      shared.withLock { $0.outcomes.isEmpty ? nil : $0.outcomes.removeFirst() }
    }

    func wait(within limit: Duration) -> Bool {
      underWay.wait(timeout: .now() + max(0, limit / .seconds(1))) == .success
    }
  }
}
