/// What an epoch came to, as a worker tells its launcher once it is evaluated and written.
public struct FinishedEpoch: Equatable, Sendable {
  /// Which one, counted from 0.
  public var number: Int
  /// Seconds from its first step here to its end; nil where that was not seen.
  public var seconds: Double?
  /// Mean loss of its steps.
  public var trainingLoss: Double?
  /// Mean loss of the held-out images; nil where none were evaluated, as all that follows.
  public var loss: Double?
  /// Acc@1 in percent.
  public var accuracy1: Double?
  /// Acc@5 in percent.
  public var accuracy5: Double?
  /// Mean recall of the classes in percent.
  public var balancedAccuracy: Double?
  /// Acc@1 of the weights' average in percent; nil too where there is none.
  public var averageAccuracy1: Double?
  /// The best Acc@1 of the run so far, this epoch's included.
  public var best: Double?
  /// Whether it was better than that of every epoch before.
  public var isBest = false

  /// An epoch of which no more is known.
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

  /// Nil where there is none.
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

/// A number as a word has it; nil for what is not finite.
func finite(_ bits: UInt64) -> Double? {
  let value = Double(bitPattern: bits)
  return value.isFinite ? value : nil
}
