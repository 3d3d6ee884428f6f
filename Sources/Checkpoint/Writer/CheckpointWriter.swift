import Glibc
import System

/// Saves checkpoints on a thread of its own while training continues; never two at once.
///
/// Only one thread at a time may call it. Disk failures are not thrown but returned as the save's outcome.
public final class CheckpointWriter: Sendable {
  /// The destination.
  public let store: CheckpointStore
  /// The number of checkpoints to keep; nil keeps all.
  public let keeping: Int?
  private let handoff = SaveHandoff()

  /// The result of a save.
  public typealias Outcome = Result<SavedCheckpoint, SaveFailure>

  /// Makes a writer for a store. After each save, or before it if the disk is full, checkpoints older than
  /// the newest `keeping` are removed.
  public init(_ store: CheckpointStore, keeping: Int? = nil) {
    precondition(keeping ?? 1 >= 1, "at least one checkpoint is kept")
    self.store = store
    self.keeping = keeping
  }

  /// Waits up to two minutes for a save under way.
  deinit {
    _ = wait(within: .seconds(120))
  }

  /// Begins to map the memory of checkpoints, so that the first save need not wait for the kernel.
  ///
  /// This takes `byteCount` bytes, the size of a checkpoint's tensors, from now on instead of from the first
  /// save on. A save may begin before it is done. It has no effect after the first save.
  public func prepare(byteCount: Int) {
    guard handoff.take() else { return }
    let block = handoff.reserve(byteCount)
    handoff.giveBack(nil)
    // Without a thread, the first save maps the memory.
    if let block { try? savingThread(block.populate) }
  }

  /// Begins to save a checkpoint and returns once `fill` has copied its tensors; returns false, without
  /// effect, while another save is under way.
  ///
  /// - Parameters:
  /// - state: Everything that is not a tensor.
  /// - isBest: Whether it is the best of the run so far: the newest such checkpoint is never pruned.
  /// - fill: Copies the tensors, or makes a card begin to; called before this returns, or never. An error
  ///   that it throws ends the save without an outcome.
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

  /// Runs `body` on a thread with signals blocked: SIGXFSZ, which would end the process at a file size limit,
  /// becomes an error of the write instead.
  private func savingThread(_ body: @escaping @Sendable () -> Void) throws(Shortage) {
    try OwnedThread("checkpoint", takesSignals: false, body).detach()
  }

  /// Gives a checkpoint another name and state without writing its tensors again; returns when that is on the
  /// disk.
  ///
  /// Returns false, without effect, while a save is under way, or if it cannot be done: then save anew.
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

  /// Returns the outcome of a finished save, each once, in order; cheap enough to call after every step.
  public func takeOutcome() -> Outcome? {
    handoff.takeOutcome()
  }

  /// Waits for the save under way; returns false if it takes longer than `limit`.
  public func wait(within limit: Duration) -> Bool {
    handoff.wait(within: limit)
  }
}

/// The result of a successful save.
public struct SavedCheckpoint: Equatable, Sendable {
  /// The checkpoint's name.
  public let name: String
  /// The size of its tensors and state, in bytes.
  public let byteCount: Int
  /// The time of the save, with verification and pruning.
  public let duration: Duration
  /// Older checkpoints that were removed.
  public let removed: [String]
  /// Why older checkpoints could not be removed; this one is intact.
  public let warning: CheckpointError?
}

extension CheckpointWriter {
  /// The state shared by the caller's thread and the saving thread.
  ///
  /// Safe: the snapshot is used by the caller between `take` and the thread's start, and then only by that
  /// thread until `giveBack`; both go through the lock, which also protects everything else.
  private final class SaveHandoff: @unchecked Sendable {
    private(set) var snapshot = Snapshot()
    private let shared = Monitor((isBusy: false, outcomes: [Outcome]()))

    var isBusy: Bool { shared.withLock { $0.isBusy } }

    /// Gives the snapshot to the caller; false while a save uses it.
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

    /// Reserves memory for snapshots.
    func reserve(_ byteCount: Int) -> MemoryBlock? { snapshot.reserve(byteCount) }

    /// Ends a save with its outcome, or without one if none was made.
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
