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

    func fillSnapshot(_ fill: (inout Snapshot) -> Void) {
      snapshot.clear()
      fill(&snapshot)
    }

    /// Ends a save.
    func giveBack(_ outcome: Outcome) {
      shared.withLock { shared in
        shared.outcomes.append(outcome)
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
