public import Collective

/// What a rank has to tell the others beside its numbers; after a step all ranks know what any of them said.
public struct RankSignals: OptionSet, Equatable, Sendable {
  /// A bit for each.
  public let rawValue: UInt64

  /// The signals of these bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// It was asked to stop.
  public static let stop = RankSignals(rawValue: 1)
  /// It was asked for a checkpoint.
  public static let save = RankSignals(rawValue: 2)
  /// It is still writing a checkpoint, so that no other can begin.
  public static let isSaving = RankSignals(rawValue: 4)
  /// It could not read its pictures.
  public static let lacksPictures = RankSignals(rawValue: 8)
  /// Pictures of its step were damaged, and others stood in for them.
  public static let skipped = RankSignals(rawValue: 16)
}

extension RankSignals {
  /// What any rank has to tell; every rank has to ask at the same place.
  public func united(in group: any ProcessGroup) throws(TrainingError) -> RankSignals {
    let all = try collectively { () throws(CollectiveError) in
      try group.allGather(withUnsafeBytes(of: rawValue.littleEndian, Array.init))
    }
    return all.reduce([]) { union, bytes in
      union.union(RankSignals(rawValue: bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }))
    }
  }
}
