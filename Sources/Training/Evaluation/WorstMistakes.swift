/// A network's most confident wrong answers, a few images to look at after an evaluation.
public struct WorstMistakes: Equatable, Sendable {
  /// One image that was predicted as another class than its own.
  public struct Mistake: Equatable, Sendable {
    /// The image's number in its folder.
    public let image: Int
    /// The class of the image.
    public let label: Int
    /// The class with the highest score.
    public let predicted: Int
    /// The softmax probability of the predicted class.
    public let confidence: Float

    /// Makes a mistake about an image.
    public init(image: Int, label: Int, predicted: Int, confidence: Float) {
      (self.image, self.label, self.predicted, self.confidence) = (image, label, predicted, confidence)
    }

    /// Orders by confidence; among equals, by the folder's order.
    fileprivate func isWorse(than other: Mistake) -> Bool {
      confidence == other.confidence ? image < other.image : confidence > other.confidence
    }
  }

  /// How many mistakes are kept: as many as fit on a contact sheet.
  public static let most = 24

  /// The mistakes, the most confident first.
  public private(set) var list: [Mistake] = []

  /// Makes an empty list.
  public init() {}

  /// Adds a mistake if it is among the most confident.
  public mutating func add(_ mistake: Mistake) {
    // A confidence that is not finite says nothing.
    guard mistake.confidence.isFinite else { return }
    if list.count == Self.most, let last = list.last, last.isWorse(than: mistake) { return }
    let place = list.firstIndex { mistake.isWorse(than: $0) } ?? list.endIndex
    list.insert(mistake, at: place)
    if list.count > Self.most { list.removeLast() }
  }

  /// Adds the mistakes of another part of the images.
  public static func += (mistakes: inout Self, other: Self) {
    for mistake in other.list { mistakes.add(mistake) }
  }
}

extension WorstMistakes {
  private static let wordCount = 4

  /// Encodes the list for other ranks of the run.
  var bytes: [UInt8] {
    let words = list.flatMap {
      [UInt64($0.image), UInt64($0.label), UInt64($0.predicted), UInt64($0.confidence.bitPattern)]
    }
    return words.withUnsafeBytes(Array.init)
  }

  /// Decodes `bytes`.
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
