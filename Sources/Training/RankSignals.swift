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
}
