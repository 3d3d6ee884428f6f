import Glibc
import System

/// A checkpoint to be written; its tensors' bytes must not change until then.
///
/// Safe: whoever passes it to another thread keeps the bytes that it refers to, and changes none of them.
struct PendingCheckpoint: @unchecked Sendable {
  let name: String
  let files: [TensorFile]
  var state: [UInt8] = []
  var isBest = false

  /// The size of its tensors and state, in bytes.
  var byteCount: Int {
    files.reduce(state.count) { $0 + $1.tensors.reduce(0) { $0 + $1.bytes.count } }
  }
}

extension CheckpointStore {
  /// Writes a pending checkpoint with a state, reads it back, and removes superfluous ones; failures are
  /// returned, not thrown.
  func outcome(
    of pending: PendingCheckpoint, with state: some Encodable, keeping count: Int?
  ) -> CheckpointWriter.Outcome {
    var pending = pending
    do throws(CheckpointError) {
      pending.state = try encoded(state, for: pending.name)
    } catch {
      return .failure(SaveFailure(pending.name, error, needed: pending.byteCount, free: nil))
    }
    do throws(CheckpointError) {
      for file in pending.files { try file.checkIsFinite(in: path(of: pending.name)) }
    } catch {
      return .failure(
        SaveFailure(pending.name, error, kind: .notFinite, needed: pending.byteCount, free: nil))
    }
    return outcome(of: pending, keeping: count)
  }

  /// Relabels a checkpoint and removes superfluous ones; nil, with nothing changed, if it cannot be
  /// relabelled.
  func outcome(
    ofRelabelling earlier: String, as name: String, state: some Encodable, isBest: Bool, keeping count: Int?
  ) -> CheckpointWriter.Outcome? {
    let start = ContinuousClock.now
    let left: CheckpointError?
    do throws(CheckpointError) {
      left = try relabel(earlier, as: name, state: state, isBest: isBest)
    } catch {
      return nil
    }
    let pruned = count.map { prune(keeping: $0, sparing: name) }
    let entry = list().readable.first { $0.name == name }
    return .success(
      SavedCheckpoint(
        name: name, byteCount: entry?.byteCount ?? 0, duration: .now - start,
        removed: pruned?.removed ?? [], warning: left ?? pruned?.failure))
  }

  /// On a full disk, superfluous checkpoints are removed before the save instead of after it; the newest
  /// intact one always stays.
  private func outcome(of pending: PendingCheckpoint, keeping count: Int?) -> CheckpointWriter.Outcome {
    let start = ContinuousClock.now
    var written = writeVerified(pending)
    // The folder was removed or moved meanwhile: the second attempt makes it again.
    if case .failure = written, !disk.exists(folder) { written = writeVerified(pending) }
    var removed: [String] = []
    if case .failure(let failure) = written, failure.isForWantOfRoom, let count {
      removed = makeRoom(for: pending.byteCount, keeping: count - 1)
      if !removed.isEmpty { written = writeVerified(pending) }
    }
    switch written {
    case .failure(var failure):
      failure.removed = removed
      return .failure(failure)
    case .success(let left):
      let pruned = count.map { prune(keeping: $0, sparing: pending.name) }
      return .success(
        SavedCheckpoint(
          name: pending.name, byteCount: pending.byteCount, duration: .now - start,
          removed: removed + (pruned?.removed ?? []), warning: left ?? pruned?.failure))
    }
  }

  /// Writes and verifies; on success returns why an earlier checkpoint of that name could not be removed, if so.
  private func writeVerified(_ pending: PendingCheckpoint) -> Result<CheckpointError?, SaveFailure> {
    do throws(CheckpointError) {
      return .success(try write(pending, readingBack: true))
    } catch {
      let free = FileSystemSpace(around: folder)?.free
      return .failure(SaveFailure(pending.name, error, needed: pending.byteCount, free: free))
    }
  }
}

/// Why a checkpoint was not saved. The newest intact one and the best are unchanged, and the next save may
/// succeed.
public struct SaveFailure: Error, Equatable, Sendable {
  /// The kind of failure, for deciding what to do.
  public enum Kind: Equatable, Sendable {
    /// The disk, or the user's quota, is full.
    case noSpace
    /// The file system is read-only.
    case readOnly
    /// The disk failed, or returned other bytes than were written.
    case disk
    /// The state contains NaN or infinity: training has failed, not the disk.
    case notFinite
    /// Anything else, such as a folder without write permission.
    case other
  }

  /// The checkpoint's name.
  public let name: String
  /// The kind of failure.
  public let kind: Kind
  /// What happened, and to which path.
  public let cause: CheckpointError
  /// The size of the checkpoint, in bytes.
  public let bytesNeeded: Int
  /// Bytes free at its destination after the incomplete checkpoint was removed; nil if unknown.
  public let bytesFree: Int?
  /// Older checkpoints that were removed in vain to make room.
  public internal(set) var removed: [String] = []

  init(_ name: String, _ cause: CheckpointError, kind: Kind? = nil, needed: Int, free: Int?) {
    self.name = name
    self.cause = cause
    self.kind = kind ?? Self.kind(of: cause)
    bytesNeeded = needed
    bytesFree = free
  }

  /// Whether the save could succeed if files were removed.
  var isForWantOfRoom: Bool { cause.isForWantOfRoom }

  private static func kind(of cause: CheckpointError) -> Kind {
    switch cause {
    case .system(_, _, ENOSPC), .system(_, _, EDQUOT), .system(_, _, EFBIG): .noSpace
    case .system(_, _, EROFS): .readOnly
    case .system(_, _, EIO), .badFile, .badTensor: .disk
    case .system, .incomplete: .other
    }
  }
}

extension SaveFailure: CustomStringConvertible {
  /// What happened, where, how much was needed, and what to do.
  public var description: String {
    "checkpoint \(name) was not saved: \("\(cause)".asSentence)\(space)"
      + (removed.isEmpty ? "" : " To make room, \(removed.joined(separator: ", ")) went, in vain.")
  }

  private var space: String {
    guard kind == .noSpace else { return "" }
    let free = bytesFree.map { ", and \(byteSize($0)) are free" } ?? ""
    return " It takes \(byteSize(bytesNeeded))\(free). Free some, or keep fewer checkpoints."
  }
}
