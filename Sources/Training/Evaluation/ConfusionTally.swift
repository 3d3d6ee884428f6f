/// How often images of a class were taken for another one: the wrong answers alone, which are few where classes are many.
public struct ConfusionTally: Equatable, Sendable {
  private struct Pair: Hashable {
    let label: Int
    let predicted: Int
  }

  private var counts: [Pair: Int] = [:]

  /// Nothing counted yet.
  public init() {}

  /// Counts an image that was taken for another class than its own.
  public mutating func count(_ label: Int, predicted class: Int) {
    counts[Pair(label: label, predicted: `class`), default: 0] += 1
  }

  /// Adds another part's counts.
  public static func += (tally: inout Self, other: Self) {
    tally.counts.merge(other.counts, uniquingKeysWith: +)
  }

  /// The pairs that came up, the most frequent first; of equals in the order of the classes.
  public var cells: [Examination.Cell] {
    counts.map { Examination.Cell(label: $0.key.label, predicted: $0.key.predicted, images: $0.value) }
      .sorted { one, other in
        (-one.images, one.label, one.predicted) < (-other.images, other.label, other.predicted)
      }
  }
}

extension ConfusionTally {
  private static let wordCount = 3

  /// As bytes, for ranks of one run.
  var bytes: [UInt8] {
    counts.flatMap { [UInt64($0.key.label), UInt64($0.key.predicted), UInt64($0.value)] }
      .withUnsafeBytes(Array.init)
  }

  /// Reads `bytes` back.
  init(bytes: ArraySlice<UInt8>) {
    let words = bytes.withUnsafeBytes { memory in
      (0..<(memory.count / 8)).map { memory.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
    }
    for start in stride(from: 0, to: words.count - Self.wordCount + 1, by: Self.wordCount) {
      let pair = Pair(label: Int(words[start]), predicted: Int(words[start + 1]))
      counts[pair, default: 0] += Int(words[start + 2])
    }
  }
}
