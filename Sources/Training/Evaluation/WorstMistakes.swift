/// The wrong answers of which a network was most sure, a few of them: what there is to look at after an evaluation.
public struct WorstMistakes: Equatable, Sendable {
  /// One image that was taken for another class.
  public struct Mistake: Equatable, Sendable {
    /// The image's number in its folder.
    public let image: Int
    /// Its class.
    public let label: Int
    /// The class of highest score.
    public let predicted: Int
    /// The probability of that class by softmax.
    public let confidence: Float

    /// A mistake about an image.
    public init(image: Int, label: Int, predicted: Int, confidence: Float) {
      (self.image, self.label, self.predicted, self.confidence) = (image, label, predicted, confidence)
    }

    /// Of equals, the one that comes first in the folder.
    fileprivate func isWorse(than other: Mistake) -> Bool {
      confidence == other.confidence ? image < other.image : confidence > other.confidence
    }
  }

  /// As many as fit on a sheet.
  public static let most = 24

  /// The most confident first.
  public private(set) var list: [Mistake] = []

  /// None yet.
  public init() {}

  /// Takes in a mistake, where fewer are known or none that is worse than it.
  public mutating func add(_ mistake: Mistake) {
    // Scores that are no numbers tell of nothing.
    guard mistake.confidence.isFinite else { return }
    if list.count == Self.most, let last = list.last, last.isWorse(than: mistake) { return }
    let place = list.firstIndex { mistake.isWorse(than: $0) } ?? list.endIndex
    list.insert(mistake, at: place)
    if list.count > Self.most { list.removeLast() }
  }

  /// Adds another part's.
  public static func += (mistakes: inout Self, other: Self) {
    for mistake in other.list { mistakes.add(mistake) }
  }
}

extension WorstMistakes {
  private static let wordCount = 4

  /// As bytes, for ranks of one run.
  var bytes: [UInt8] {
    let words = list.flatMap {
      [UInt64($0.image), UInt64($0.label), UInt64($0.predicted), UInt64($0.confidence.bitPattern)]
    }
    return words.withUnsafeBytes(Array.init)
  }

  /// Reads `bytes` back.
  init(bytes: [UInt8]) {
    let words = bytes.withUnsafeBytes { memory in
      (0..<(memory.count / 8)).map { memory.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
    }
    for start in stride(from: 0, to: words.count - Self.wordCount + 1, by: Self.wordCount) {
      add(
        Mistake(
          image: Int(words[start]), label: Int(words[start + 1]), predicted: Int(words[start + 2]),
          confidence: Float(bitPattern: UInt32(words[start + 3]))))
    }
  }
}
