import Glibc
import System

/// Saves checkpoints on a thread of its own while training goes on; never two at once.
///
/// One thread at a time may call it. No trouble with the disk is thrown: it comes back as the outcome of the save.
public final class CheckpointWriter: Sendable {
  /// Where the checkpoints go.
  public let store: CheckpointStore
  /// How many checkpoints are kept; nil keeps all.
  public let keeping: Int?
  private let handoff = SaveHandoff()

  /// How a save ended.
  public typealias Outcome = Result<SavedCheckpoint, SaveFailure>

  /// A writer for a store. After each save, or before it where the disk is full, what is older than the newest `keeping` is
  /// removed.
  public init(_ store: CheckpointStore, keeping: Int? = nil) {
    precondition(keeping ?? 1 >= 1, "at least one checkpoint is kept")
    self.store = store
    self.keeping = keeping
  }

  /// A save that is under way is not lost: this waits for it, two minutes at most.
  deinit {
    _ = wait(within: .seconds(120))
  }

  /// Begins to put the memory of checkpoints in place, so that the first save need not wait for the kernel to do so.
  ///
  /// It costs `byteCount` bytes, what the tensors of a checkpoint take, from now on instead of from the first save on. A
  /// save may begin before all is in place. Call it before the first save, or it does nothing.
  public func prepare(byteCount: Int) {
    guard handoff.take() else { return }
    let block = handoff.reserve(byteCount)
    handoff.giveBack(nil)
    // Without a thread, the first save does it.
    if let block { try? savingThread(block.populate) }
  }

  /// Begins to save a checkpoint and returns once `fill` has copied its tensors; false, and nothing done, while
  /// another save is under way.
  ///
  /// - Parameters:
  ///   - state: Everything that is not a tensor.
  ///   - isBest: Whether it is the best of the run so far: the newest such checkpoint is never pruned.
  ///   - fill: Copies the tensors, or has a card begin to; called before this returns, or never. What it throws ends the save, without an
  ///     outcome.
  public func begin<Failure: Error>(
    _ name: CheckpointName, state: some Encodable & Sendable, isBest: Bool = false,
    _ fill: (inout Snapshot) throws(Failure) -> Void
  ) throws(Failure) -> Bool {
    guard handoff.take() else { return false }
    do throws(Failure) {
      try handoff.fillSnapshot(fill)
    } catch {
      handoff.giveBack(nil)
      throw error
    }
    let pending = PendingCheckpoint(name: "\(name)", files: handoff.snapshot.files, isBest: isBest)
    let arrivals = handoff.snapshot.arrivals
    do {
      try savingThread { [store, keeping, handoff] in
        for arrival in arrivals { arrival() }
        handoff.giveBack(store.outcome(of: pending, with: state, keeping: keeping))
      }
    } catch {
      let error = CheckpointError.system(
        operation: "start a thread for", path: store.path(of: pending.name), errno: EAGAIN)
      handoff.giveBack(.failure(SaveFailure(pending.name, error, needed: pending.byteCount, free: nil)))
    }
    return true
  }

  /// Runs `body` on a thread that no signal interrupts: SIGXFSZ, which would end the process at a file's size limit, becomes
  /// an error of the write instead.
  private func savingThread(_ body: @escaping @Sendable () -> Void) throws(Shortage) {
    try OwnedThread("checkpoint", takesSignals: false, body).detach()
  }

  /// Gives a checkpoint another name and state without writing its tensors again; returns when that is on the disk.
  ///
  /// False, and nothing done, while a save is under way or where that cannot be done: it is to be saved anew then.
  public func relabel(
    _ earlier: CheckpointName, as name: CheckpointName, state: some Encodable, isBest: Bool = false
  ) -> Bool {
    guard handoff.take() else { return false }
    let outcome = store.outcome(
      ofRelabelling: "\(earlier)", as: "\(name)", state: state, isBest: isBest, keeping: keeping)
    handoff.giveBack(outcome)
    return outcome != nil
  }

  /// Whether a save is under way.
  public var isBusy: Bool { handoff.isBusy }

  /// The outcome of a save that has ended, each once, in order; cheap enough to ask after every step.
  public func takeOutcome() -> Outcome? {
    handoff.takeOutcome()
  }

  /// Waits for the save that is under way; false where it takes longer.
  public func wait(within limit: Duration) -> Bool {
    handoff.wait(within: limit)
  }
}

/// What a save that succeeded did.
public struct SavedCheckpoint: Equatable, Sendable {
  /// The checkpoint's name.
  public let name: String
  /// Bytes of its tensors and state.
  public let byteCount: Int
  /// From the first system call to the last, with verification and pruning.
  public let duration: Duration
  /// Older checkpoints that were removed.
  public let removed: [String]
  /// Why older ones could not be removed; the checkpoint itself is whole.
  public let warning: CheckpointError?
}

extension CheckpointWriter {
  /// What the caller's thread and the saving thread hand each other.
  ///
  /// Safe: the snapshot is touched by the caller between `take` and the thread's start, then by that thread alone
  /// until `giveBack`; both pass the lock. All else is behind it.
  private final class SaveHandoff: @unchecked Sendable {
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
