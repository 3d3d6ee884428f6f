import Glibc

/// A network's answer for one image.
public struct Verdict: Equatable, Sendable {
  /// The image's number in its folder.
  public let image: Int
  /// The image's class.
  public let label: Int
  /// The class with the highest score.
  public let predicted: Int
  /// The softmax probability of the predicted class; 0 where scores are NaN.
  public let confidence: Float
  /// Whether the image's class is among the five highest scores.
  public let isAmongFive: Bool
  /// Cross-entropy of the image's class.
  public let loss: Double

  /// Whether the predicted class is the image's.
  public var isCorrect: Bool { predicted == label }

  /// Makes a verdict on an image.
  public init(
    image: Int, label: Int, predicted: Int, confidence: Float, isAmongFive: Bool, loss: Double
  ) {
    (self.image, self.label, self.predicted) = (image, label, predicted)
    (self.confidence, self.isAmongFive, self.loss) = (confidence, isAmongFive, loss)
  }

  /// Judges logits; sums are in double precision, whatever the device.
  ///
  /// - Parameter ranked: The classes with the highest scores, best first.
  init(image: Int, label: Int, logits: ArraySlice<Float>, ranked: [Int]) {
    let start = logits.startIndex
    let highest = Double(logits[start + ranked[0]])
    let sum = logits.reduce(0.0) { $0 + exp(Double($1) - highest) }
    self.init(
      image: image, label: label, predicted: ranked[0], confidence: sum.isFinite ? Float(1 / sum) : 0,
      isAmongFive: ranked.contains(label), loss: log(sum) + highest - Double(logits[start + label]))
  }
}

extension Verdict {
  private static let wordCount = 6

  private var words: [UInt64] {
    [
      UInt64(image), UInt64(label), UInt64(predicted), UInt64(confidence.bitPattern), isAmongFive ? 1 : 0,
      loss.bitPattern,
    ]
  }

  private init(_ words: ArraySlice<UInt64>) {
    let words = Array(words)
    self.init(
      image: Int(words[0]), label: Int(words[1]), predicted: Int(words[2]),
      confidence: Float(bitPattern: UInt32(words[3])), isAmongFive: words[4] == 1,
      loss: Double(bitPattern: words[5]))
  }

  /// Encodes verdicts for other ranks of the run.
  static func bytes(_ verdicts: [Verdict]) -> [UInt8] {
    var all: [UInt64] = []
    for verdict in verdicts { all += verdict.words }
    return all.withUnsafeBytes(Array.init)
  }

  /// Decodes `bytes`.
  static func read(_ bytes: [UInt8]) -> [Verdict] {
    let words = bytes.withUnsafeBytes { memory in
      (0..<(memory.count / 8)).map { memory.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
    }
    return stride(from: 0, to: words.count, by: wordCount).map { start in
      Verdict(words[start..<(start + wordCount)])
    }
  }
}
