import Drawing
import System

/// What an evaluation came to by classes, as much of it as a page shows: it is short, however many classes there are.
package struct EvaluationNote: Codable, Equatable, Sendable {
  /// After which epoch training made it, or the weights were written; nil where nothing tells.
  package var epoch: Int?
  /// The file of weights that `evaluate` was given; nil for an evaluation of training.
  package var weights: String?
  package let images: Int
  package var acc1: Double?
  package var balancedAcc: Double?
  package var ece: Double?
  /// All classes, of which `classes` has the worst.
  package let classCount: Int
  /// All classes with images that none was taken for, of which `neverPredicted` has the first.
  package let neverPredictedCount: Int
  package let neverPredicted: [String]
  package let classes: [Class]
  /// The most frequent first.
  package let confusions: [Pair]
  package let confusion: ConfusionTable?
  /// The most confident first.
  package let mistakes: [Mistake]
  /// Whether the weights that it tells of were written over since.
  package internal(set) var isOfEarlierWeights = false

  private enum CodingKeys: String, CodingKey {
    case epoch, weights, images, acc1, balancedAcc, ece, classCount, neverPredictedCount, neverPredicted,
      classes, confusions, confusion, mistakes
  }

  package struct Class: Codable, Equatable, Sendable {
    package let name: String
    package let images: Int
    package let predicted: Int
    package var recall: Double?
    package var precision: Double?

    package init(name: String, images: Int, predicted: Int, recall: Double?, precision: Double?) {
      (self.name, self.images, self.predicted) = (name, images, predicted)
      (self.recall, self.precision) = (recall, precision)
    }
  }

  package struct Pair: Codable, Equatable, Sendable {
    package let label: String
    package let predicted: String
    package let images: Int

    package init(label: String, predicted: String, images: Int) {
      (self.label, self.predicted, self.images) = (label, predicted, images)
    }
  }

  /// An image whose class was not found.
  package struct Mistake: Codable, Equatable, Sendable {
    /// From the root of the file system on.
    package let path: String
    package let label: String
    package let predicted: String
    /// From 0 to 1.
    package let confidence: Double
    /// The image, small, as a PNG file in base64; nil where there is none.
    package var picture: String?

    package init(path: String, label: String, predicted: String, confidence: Double, picture: String? = nil) {
      (self.path, self.label, self.predicted) = (path, label, predicted)
      (self.confidence, self.picture) = (confidence, picture)
    }
  }

  /// - Parameters:
  ///   - classCount: How many there are, of which these may be some.
  ///   - neverPredictedCount: Likewise.
  package init(
    images: Int, classCount: Int, classes: [Class], neverPredictedCount: Int, neverPredicted: [String],
    confusions: [Pair], confusion: ConfusionTable?, mistakes: [Mistake]
  ) {
    (self.images, self.classCount, self.classes) = (images, classCount, classes)
    (self.neverPredictedCount, self.neverPredicted) = (neverPredictedCount, neverPredicted)
    (self.confusions, self.confusion, self.mistakes) = (confusions, confusion, mistakes)
  }

  /// Which evaluation it is, and what it came to, in a line.
  package var headline: String {
    let figures: [(String, Double?, String)] = [
      ("Acc@1", acc1, " %"), ("balanced accuracy", balancedAcc, " %"), ("calibration error", ece, ""),
    ]
    return "\(source): \(counted(images, "image")), "
      + figures.compactMap { name, value, unit in
        value.map { "\(name) \(decimal($0, unit.isEmpty ? 3 : 2))\(unit)" }
      }.joined(separator: ", ") + (isOfEarlierWeights ? "; the weights have changed since" : "")
  }

  private var source: String {
    guard let weights else { return "Training's own evaluation" + (epoch.map { " after epoch \($0)" } ?? "") }
    return "evaluate, of \(weights)" + (epoch.map { " as epoch \($0) left it" } ?? "")
  }

  /// `7 of 10`, where any class was never predicted.
  package var neverPredictedText: String? {
    neverPredictedCount > 0 ? "\(neverPredictedCount) of \(classCount)" : nil
  }
}
