import Synchronization

/// Saves checkpoints on a thread of its own while training goes on; never two at once.
///
/// One thread at a time may call it. No trouble with the disk is thrown: it comes back as the outcome of the save.
public final class CheckpointWriter: Sendable {
  /// Where the checkpoints go.
  public let store: CheckpointStore
  /// How many checkpoints are kept; nil keeps all.
  public let keeping: Int?
  private let desk = Desk()

  /// How a save ended.
  public typealias Outcome = Result<SavedCheckpoint, SaveFailure>

  /// A writer for a store. After each save, what is older than the newest `keeping` is removed.
  public init(_ store: CheckpointStore, keeping: Int? = nil) {
    precondition(keeping ?? 1 >= 1, "at least one checkpoint is kept")
    self.store = store
    self.keeping = keeping
  }

  /// A save that is under way is not lost: this waits for it, two minutes at most.
  deinit {
    _ = wait(within: .seconds(120))
  }

  /// Begins to save a checkpoint and returns once `fill` has copied its tensors; false, and nothing done, while
  /// another save is under way.
  ///
  /// - Parameters:
  ///   - state: Everything that is not a tensor; encoded before this returns.
  ///   - isBest: Whether it is the best of the run so far: the newest such checkpoint is never pruned.
  ///   - fill: Copies the tensors; called before this returns, or never.
  public func begin(
    _ name: CheckpointName, state: some Encodable, isBest: Bool = false, _ fill: (inout Snapshot) -> Void
  ) -> Bool {
    guard desk.take() else { return false }
    desk.fillSnapshot(fill)
    let files = desk.snapshot.files
    do throws(CheckpointError) {
      let draft = Draft(
        name: "\(name)", files: files, state: try store.encoded(state, for: "\(name)"), isBest: isBest)
      try start(draft)
    } catch {
      desk.giveBack(.failure(SaveFailure("\(name)", error, needed: desk.snapshot.byteCount, free: nil)))
    }
    return true
  }

  private func start(_ draft: Draft) throws(CheckpointError) {
    let status = SavingThread.start { [store, keeping, desk] in
      desk.giveBack(store.outcome(of: draft, keeping: keeping))
    }
    guard status == 0 else {
      throw .system(operation: "start a thread for", path: store.path(of: draft.name), errno: status)
    }
  }

  /// Whether a save is under way.
  public var isBusy: Bool { desk.isBusy }

  /// The outcome of a save that has ended, each once, in order; cheap enough to ask after every step.
  public func takeOutcome() -> Outcome? {
    desk.takeOutcome()
  }

  /// Waits for the save that is under way; false where it takes longer.
  public func wait(within limit: Duration) -> Bool {
    desk.wait(within: limit)
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
