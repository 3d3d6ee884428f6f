import Drawing
import System

/// The parts of an evaluation by class that a page shows; it is short, however many classes there are.
package struct EvaluationNote: Codable, Equatable, Sendable {
  /// The epoch after which training made it or the weights were written; nil if unknown.
  package var epoch: Int?
  /// The file of weights given to `evaluate`; nil for training's own evaluation.
  package var weights: String?
  package let images: Int
  package var acc1: Double?
  package var balancedAcc: Double?
  package var ece: Double?
  /// The number of all classes; `classes` has the worst.
  package let classCount: Int
  /// The number of all classes with images that were never predicted; `neverPredicted` has the first.
  package let neverPredictedCount: Int
  package let neverPredicted: [String]
  package let classes: [Class]
  /// The most frequent first.
  package let confusions: [Pair]
  package let confusion: ConfusionTable?
  /// The most confident first.
  package let mistakes: [Mistake]
  /// Whether the evaluated weights have been overwritten since.
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

  /// A misclassified image.
  package struct Mistake: Codable, Equatable, Sendable {
    /// The absolute path.
    package let path: String
    package let label: String
    package let predicted: String
    /// From 0 to 1.
    package let confidence: Double
    /// A thumbnail as base64 PNG; nil if there is none.
    package var picture: String?

    package init(path: String, label: String, predicted: String, confidence: Double, picture: String? = nil) {
      (self.path, self.label, self.predicted) = (path, label, predicted)
      (self.confidence, self.picture) = (confidence, picture)
    }
  }

  /// Makes a note.
  ///
  /// - Parameters:
  /// - classCount: The number of all classes; `classes` may be fewer.
  /// - neverPredictedCount: The number of all classes never predicted.
  package init(
    images: Int, classCount: Int, classes: [Class], neverPredictedCount: Int, neverPredicted: [String],
    confusions: [Pair], confusion: ConfusionTable?, mistakes: [Mistake]
  ) {
    (self.images, self.classCount, self.classes) = (images, classCount, classes)
    (self.neverPredictedCount, self.neverPredicted) = (neverPredictedCount, neverPredicted)
    (self.confusions, self.confusion, self.mistakes) = (confusions, confusion, mistakes)
  }

  /// The evaluation and its results in one line.
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

  /// Such as `7 of 10`; nil if every class was predicted.
  package var neverPredictedText: String? {
    neverPredictedCount > 0 ? "\(neverPredictedCount) of \(classCount)" : nil
  }
}
