import Glibc
import System

/// A checkpoint that is to be written; its tensors' bytes have to stay as they are until it is.
///
/// Safe: whoever hands it to another thread keeps the bytes it shows, and changes none of them.
struct PendingCheckpoint: @unchecked Sendable {
  let name: String
  let files: [TensorFile]
  var state: [UInt8] = []
  var isBest = false

  /// Bytes of its tensors and state.
  var byteCount: Int {
    files.reduce(state.count) { $0 + $1.tensors.reduce(0) { $0 + $1.bytes.count } }
  }
}

extension CheckpointStore {
  /// Writes a pending checkpoint with a state, reads it back, and removes what is then superfluous; whatever happens comes back as a value.
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

  /// Relabels and then removes what is superfluous; nil, and nothing changed, where that cannot be done.
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

  /// On a full disk what would go after the save goes before it; the newest checkpoint that is whole always stays.
  private func outcome(of pending: PendingCheckpoint, keeping count: Int?) -> CheckpointWriter.Outcome {
    let start = ContinuousClock.now
    var written = writeVerified(pending)
    // Somebody removed or moved the folder meanwhile: the next try makes it again.
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

  /// Why an earlier one of that name could not be removed, where it is written.
  private func writeVerified(_ pending: PendingCheckpoint) -> Result<CheckpointError?, SaveFailure> {
    do throws(CheckpointError) {
      return .success(try write(pending, readingBack: true))
    } catch {
      let free = FileSystemSpace(around: folder)?.free
      return .failure(SaveFailure(pending.name, error, needed: pending.byteCount, free: free))
    }
  }
}

/// Why a checkpoint was not saved. The newest that is whole and the best are as they were, and the next save may well
/// succeed.
public struct SaveFailure: Error, Equatable, Sendable {
  /// What kind of trouble it is, for whoever decides what to do.
  public enum Kind: Equatable, Sendable {
    /// The disk, or the user's part of it, has no room.
    case noSpace
    /// The file system takes no writes.
    case readOnly
    /// The disk failed, or did not give back what was written.
    case disk
    /// The state holds NaN or infinity: training has gone wrong, not the disk.
    case notFinite
    /// Anything else, as a folder that this user may not write.
    case other
  }

  /// The checkpoint's name.
  public let name: String
  /// What kind of trouble it is.
  public let kind: Kind
  /// What happened, and to which path.
  public let cause: CheckpointError
  /// Bytes that the checkpoint takes.
  public let bytesNeeded: Int
  /// Bytes free where it was to go, after what was half-written is gone; nil where nobody can say.
  public let bytesFree: Int?
  /// Older checkpoints that went to make room, in vain.
  public internal(set) var removed: [String] = []

  init(_ name: String, _ cause: CheckpointError, kind: Kind? = nil, needed: Int, free: Int?) {
    self.name = name
    self.cause = cause
    self.kind = kind ?? Self.kind(of: cause)
    bytesNeeded = needed
    bytesFree = free
  }

  /// Whether it may succeed where there are fewer files.
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
  /// What happened, where, what was needed, and what to do.
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
