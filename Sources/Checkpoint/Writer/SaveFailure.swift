import Glibc

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
  var isForWantOfRoom: Bool {
    switch cause {
    case .system(_, _, ENOSPC), .system(_, _, EDQUOT): true
    default: false
    }
  }

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
    "checkpoint \(name) was not saved: \(cause)\(space)"
      + (removed.isEmpty ? "" : " To make room, \(removed.joined(separator: ", ")) went, in vain.")
  }

  private var space: String {
    guard kind == .noSpace else { return "" }
    let free = bytesFree.map { ", and \(Self.megabytes($0)) are free" } ?? ""
    return " It takes \(Self.megabytes(bytesNeeded))\(free). Free some, or keep fewer checkpoints."
  }

  private static func megabytes(_ bytes: Int) -> String {
    let tenths = (bytes + 50_000) / 100_000
    return "\(tenths / 10).\(tenths % 10) MB"
  }
}
