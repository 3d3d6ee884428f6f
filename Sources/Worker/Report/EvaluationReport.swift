import Datasets
import Foundation
import Output
import Recipe
import RunControl
import System
import SystemPackage
import Training

/// Everything known about an evaluation: what was evaluated, and the verdict on each image.
struct EvaluationReport {
  /// The file of the weights, or the checkpoint.
  let weights: String
  let model: String
  let images: Recipe.Images
  /// Whether each image was averaged with its mirror image: `--tta`.
  var mirrors = false
  let folder: ImageFolder
  let examination: Examination
  /// Thumbnails of the most confident mistakes: PNG by image number.
  var thumbnails: [Int: String] = [:]

  /// Class names in the order of their labels.
  var names: [ClassName] { folder.classes }

  /// The network's published top-1 accuracy, if these images are comparable.
  var published: Double? {
    ModelFacts.published(
      model, side: images.inputSize, classes: names.count, images: examination.verdicts.count)
  }

  /// The published accuracy as a suffix of the one measured; empty if there is none.
  var publishedNote: String { published.map { " (published: \(fixed($0, 1)) %)" } ?? "" }

  /// The part shown on a run's page.
  var note: EvaluationNote {
    let mistakes = examination.mistakes.prefix(WorstMistakes.most).map {
      WorstMistakes.Mistake(
        image: $0.image, label: $0.label, predicted: $0.predicted, confidence: $0.confidence)
    }
    var note = EvaluationNote(
      images: examination.verdicts.count, examination.classes, examination.confusions, mistakes, in: folder,
      thumbnails: EvaluationNote.thumbnails(of: folder, images.preprocessing))
    note.weights = FilePath(weights).lastComponent?.string ?? weights
    note.epoch = NamedWeights.epoch(of: weights)
    (note.acc1, note.ece) = (examination.accuracy1, examination.calibration.error)
    return note
  }

  /// An image's path.
  func path(of verdict: Verdict) -> FilePath { folder[verdict.image].path }
}

extension EvaluationReport {
  /// `evaluation.json`; unknown values are left out.
  private struct Summary: Encodable {
    let format = ReportFolder.format
    let weights: String
    let model: String
    let inputSize: Int
    let cropPercent: Double
    let cropMode: String
    let mean: [Double]
    let std: [Double]
    let tta: Bool
    let data: String
    let images: Int
    let acc1: Double?
    let publishedAcc1: Double?
    let acc5: Double?
    let loss: Double?
    let balancedAcc: Double?
    let ece: Double?
    let meanConfidence: Double?
    let neverPredicted: [ClassName]
    let classes: [Class]
    let confusions: [Pair]
    let calibration: [Bin]

    struct Class: Encodable {
      let name: ClassName
      let images: Int
      let correct: Int
      let predicted: Int
      let recall: Double?
      let precision: Double?
    }

    struct Pair: Encodable {
      let label: ClassName
      let predicted: ClassName
      let images: Int
    }

    struct Bin: Encodable {
      let above: Double
      let upTo: Double
      let images: Int
      let accuracy: Double?
      let confidence: Double?
    }
  }

  /// The most pairs of classes in `evaluation.json`; `confusion.csv` has all.
  private static let mostPairs = 100

  /// The content of `evaluation.json`, in a fixed order.
  var summary: String {
    get throws {
      let calibration = examination.calibration
      let loss = examination.meanLoss.flatMap { $0.isFinite ? $0 : nil }
      let summary = Summary(
        weights: weights, model: model, inputSize: images.inputSize, cropPercent: images.cropPercent,
        cropMode: images.cropMode.rawValue, mean: images.means, std: images.deviations, tta: mirrors,
        data: folder.root.masked, images: examination.verdicts.count, acc1: examination.accuracy1,
        publishedAcc1: published, acc5: examination.accuracy5, loss: loss,
        balancedAcc: examination.classes.balancedAccuracy,
        ece: calibration.error, meanConfidence: calibration.confidence,
        neverPredicted: examination.classes.unpredicted.map { names[$0] }, classes: classes,
        confusions: examination.confusions.prefix(Self.mostPairs).map {
          Summary.Pair(label: names[$0.label], predicted: names[$0.predicted], images: $0.images)
        }, calibration: bins(calibration))
      let encoder = JSONEncoder()
      encoder.keyEncodingStrategy = .convertToSnakeCase
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(summary), as: UTF8.self) + "\n"
    }
  }

  private var classes: [Summary.Class] {
    let tally = examination.classes
    return names.indices.map { index in
      Summary.Class(
        name: names[index], images: tally.images[index], correct: tally.correct[index],
        predicted: tally.predicted[index], recall: tally.recall(of: index),
        precision: tally.precision(of: index))
    }
  }

  private func bins(_ calibration: Calibration) -> [Summary.Bin] {
    let count = Double(calibration.bins.count)
    return calibration.bins.enumerated().map { number, bin in
      Summary.Bin(
        above: Double(number) / count, upTo: Double(number + 1) / count, images: bin.images,
        accuracy: bin.accuracy, confidence: bin.confidence)
    }
  }
}
