import System

extension CheckpointWriter {
  /// What the caller's thread and the saving thread hand each other.
  final class Desk: @unchecked Sendable {
    // Safe: the snapshot is touched by the caller between `take` and the thread's start, then by that thread alone
    // until `giveBack`; both pass the lock. All else is behind it.
    private(set) var snapshot = Snapshot()
    private let shared = Monitor((isBusy: false, outcomes: [Outcome]()))

    var isBusy: Bool { shared.withLock { $0.isBusy } }

    /// Makes the snapshot the caller's; false while a save has it.
    func take() -> Bool {
      shared.withLock { shared in
        defer { shared.isBusy = true }
        return !shared.isBusy
      }
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
    }

    func takeOutcome() -> Outcome? {
      shared.withLock { $0.outcomes.isEmpty ? nil : $0.outcomes.removeFirst() }
    }

    func wait(within limit: Duration) -> Bool {
      shared.wait(until: .now + limit) { $0.isBusy ? nil : () } != nil
    }
  }
}
