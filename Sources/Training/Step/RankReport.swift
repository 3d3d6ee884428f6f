public import Collective

/// What a rank tells the others of its part of a step.
struct RankReport: Equatable, Sendable {
  /// What it was asked for, and what it is busy with.
  var signals: RankSignals = []
  /// The mean loss of its images.
  var loss: Double
  /// The sum of the squares of the gradients that it owns, summed over the ranks; on cards, which all have all sums, an equal part.
  var squares: Double

  /// Three numbers of eight bytes.
  var bytes: [UInt8] {
    [signals.rawValue, loss.bitPattern, squares.bitPattern].flatMap { word in
      withUnsafeBytes(of: word.littleEndian, Array.init)
    }
  }
}

extension RankReport {
  /// Reads back `bytes`; nil where they are not a report's.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == 24 else { return nil }
    let words = bytes.withUnsafeBytes { raw in
      (0..<3).map { UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
    }
    self.init(
      signals: RankSignals(rawValue: words[0]), loss: Double(bitPattern: words[1]),
      squares: Double(bitPattern: words[2]))
  }
}

/// What all ranks know of a step before its update, in the same bits.
struct StepSummary: Equatable, Sendable {
  /// What any rank was asked for or is busy with.
  let signals: RankSignals
  /// The mean of the ranks' losses.
  let loss: Double
  /// L2 norm of the mean gradient, before clipping.
  let gradientNorm: Double
  /// What makes the clipped mean gradient of the sum that the buffers hold.
  let gradientScale: Double

  /// Adds up the reports in rank order.
  ///
  /// Gradients are the sum over the ranks, each multiplied by `lossScale`. The clip is that of
  /// `torch.nn.utils.clip_grad_norm_`: the factor is `limit / (norm + 1e-6)` where that is below 1.
  init(_ reports: [RankReport], lossScale: Double = 1, clip limit: Double?) {
    let mean = 1 / Double(reports.count) / lossScale
    signals = reports.reduce([]) { $0.union($1.signals) }
    loss = reports.reduce(0) { $0 + $1.loss } / Double(reports.count)
    let norm = mean * reports.reduce(0) { $0 + $1.squares }.squareRoot()
    let clip = limit.map { $0 / (norm + 1e-6) } ?? 1
    gradientNorm = norm
    gradientScale = mean * (clip < 1 ? clip : 1)
  }
}

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
  /// It could not read its images.
  public static let lacksImages = RankSignals(rawValue: 8)
  /// Images of its step were damaged, and others stood in for them.
  public static let skipped = RankSignals(rawValue: 16)
  /// The inputs of its step are of other shapes than those of the one that its card has recorded.
  static let isUnlike = RankSignals(rawValue: 32)
}

extension RankSignals {
  /// What any rank has to tell; every rank has to ask at the same place.
  public func united(in group: any ProcessGroup) throws(TrainingError) -> RankSignals {
    let all = try collectively(
      try group.allGather(withUnsafeBytes(of: rawValue.littleEndian, Array.init)))
    return all.reduce([]) { union, bytes in
      union.union(RankSignals(rawValue: bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }))
    }
  }
}
