/// The results of an epoch, which a worker reports to its launcher after evaluating and writing it.
public struct FinishedEpoch: Equatable, Sendable {
  /// The epoch, from 0.
  public var number: Int
  /// Seconds from its first step to its end; nil if not all of it ran in this process.
  public var seconds: Double?
  /// Mean loss of its steps.
  public var trainingLoss: Double?
  /// Mean loss of the validation images; this and the following are nil if none were evaluated.
  public var loss: Double?
  /// Top-1 accuracy, in percent.
  public var accuracy1: Double?
  /// Top-5 accuracy, in percent.
  public var accuracy5: Double?
  /// Mean recall of the classes, in percent.
  public var balancedAccuracy: Double?
  /// Top-1 accuracy of the weights' running average, in percent; nil also without an average.
  public var averageAccuracy1: Double?
  /// The best top-1 accuracy of the run so far, this epoch included.
  public var best: Double?
  /// Whether this epoch's accuracy is the best so far.
  public var isBest = false

  /// Makes an epoch of which nothing else is known.
  public init(_ number: Int, seconds: Double?) { (self.number, self.seconds) = (number, seconds) }
}

extension FinishedEpoch {
  static let wordCount = 10

  static func words(of epoch: Self?) -> [UInt64] {
    guard let epoch else { return [.max] + Array(repeating: 0, count: wordCount - 1) }
    let numbers = [
      epoch.seconds, epoch.trainingLoss, epoch.loss, epoch.accuracy1, epoch.accuracy5, epoch.balancedAccuracy,
      epoch.averageAccuracy1, epoch.best,
    ]
    return [UInt64(epoch.number)] + numbers.map { ($0 ?? .nan).bitPattern } + [epoch.isBest ? 1 : 0]
  }

  /// Nil if no epoch was published.
  init?(words: ArraySlice<UInt64>) {
    let words = Array(words)
    guard let number = Int(exactly: words[0]) else { return nil }
    self.init(number, seconds: finite(words[1]))
    (trainingLoss, loss) = (finite(words[2]), finite(words[3]))
    (accuracy1, accuracy5) = (finite(words[4]), finite(words[5]))
    (balancedAccuracy, averageAccuracy1) = (finite(words[6]), finite(words[7]))
    (best, isBest) = (finite(words[8]), words[9] == 1)
  }
}

/// The number in a word; nil if it is not finite.
func finite(_ bits: UInt64) -> Double? {
  let value = Double(bitPattern: bits)
  return value.isFinite ? value : nil
}
