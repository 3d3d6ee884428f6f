/// Counts of wrong answers by class and predicted class; the pairs are few even where classes are many.
public struct ConfusionTally: Equatable, Sendable {
  private struct Pair: Hashable {
    let label: Int
    let predicted: Int
  }

  private var counts: [Pair: Int] = [:]

  /// Makes an empty tally.
  public init() {}

  /// Counts an image that was predicted as another class than its own.
  public mutating func count(_ label: Int, predicted class: Int) {
    counts[Pair(label: label, predicted: `class`), default: 0] += 1
  }

  /// Adds the counts of another part of the images.
  public static func += (tally: inout Self, other: Self) {
    tally.counts.merge(other.counts, uniquingKeysWith: +)
  }

  /// The pairs that occurred, the most frequent first; among equals, in the order of the classes.
  public var cells: [Examination.Cell] {
    counts.map { Examination.Cell(label: $0.key.label, predicted: $0.key.predicted, images: $0.value) }
      .sorted { one, other in
        (-one.images, one.label, one.predicted) < (-other.images, other.label, other.predicted)
      }
  }
}

extension ConfusionTally {
  private static let wordCount = 3

  /// Encodes the tally for other ranks of the run.
  var bytes: [UInt8] {
    counts.flatMap { [UInt64($0.key.label), UInt64($0.key.predicted), UInt64($0.value)] }
      .withUnsafeBytes(Array.init)
  }

  /// Decodes `bytes`.
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
