public import Collective

/// What a rank reports to the others about its part of a step.
struct RankReport: Equatable, Sendable {
  /// The rank's signals.
  var signals: RankSignals = []
  /// The mean loss of the rank's images.
  var loss: Double
  /// The sum of squares of the summed gradients that this rank owns; on cards, where every rank has all sums,
  /// an equal share.
  var squares: Double

  /// Encodes the report as three numbers of eight bytes each.
  var bytes: [UInt8] {
    [signals.rawValue, loss.bitPattern, squares.bitPattern].flatMap { word in
      withUnsafeBytes(of: word.littleEndian, Array.init)
    }
  }
}

extension RankReport {
  /// Decodes `bytes`; nil if they are no report.
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

/// What all ranks know of a step before its update, with the same bits.
struct StepSummary: Equatable, Sendable {
  /// The union of all ranks' signals.
  let signals: RankSignals
  /// The mean of the ranks' losses.
  let loss: Double
  /// L2 norm of the mean gradient, before clipping.
  let gradientNorm: Double
  /// The factor that turns the summed gradients into the clipped mean gradient.
  let gradientScale: Double

  /// Combines the reports in rank order.
  ///
  /// Gradients are sums over the ranks, multiplied by `lossScale`. Clipping is that of
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

/// Flags that a rank passes to the others with its report; after a step all ranks know their union.
public struct RankSignals: OptionSet, Equatable, Sendable {
  /// One bit per signal.
  public let rawValue: UInt64

  /// Makes signals from bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The rank was asked to stop.
  public static let stop = RankSignals(rawValue: 1)
  /// The rank was asked for a checkpoint.
  public static let save = RankSignals(rawValue: 2)
  /// The rank is still writing a checkpoint, so no other can begin.
  public static let isSaving = RankSignals(rawValue: 4)
  /// The rank could not read its images.
  public static let lacksImages = RankSignals(rawValue: 8)
  /// The rank replaced damaged images of its step by others.
  public static let skipped = RankSignals(rawValue: 16)
  /// The rank's inputs have other shapes than its card's recorded step.
  static let isUnlike = RankSignals(rawValue: 32)
}

extension RankSignals {
  /// Returns the union of all ranks' signals; every rank must call it at the same point.
  public func united(in group: any ProcessGroup) throws(TrainingError) -> RankSignals {
    let all = try collectively(
      try group.allGather(withUnsafeBytes(of: rawValue.littleEndian, Array.init)))
    return all.reduce([]) { union, bytes in
      union.union(RankSignals(rawValue: bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }))
    }
  }
}
