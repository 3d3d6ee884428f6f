import Datasets
import Foundation
import Output
import Recipe
import RunControl
import System
import SystemPackage
import Training

/// All that is known of an evaluation: what was evaluated, and what became of each image.
struct EvaluationReport {
  /// The file of the weights, or the checkpoint.
  let weights: String
  let model: String
  let images: Recipe.Images
  /// Whether each image counted with its mirror image: `--tta`.
  var mirrors = false
  let folder: ImageFolder
  let examination: Examination
  /// The most confident mistakes to look at: PNG by the image's number.
  var thumbnails: [Int: String] = [:]

  /// Names of classes in the order of their labels.
  var names: [ClassName] { folder.classes }

  /// The Acc@1 that the network is known for, where these images look like the ones it is known for.
  var published: Double? {
    ModelFacts.published(
      model, side: images.inputSize, classes: names.count, images: examination.verdicts.count)
  }

  /// It, as it stands behind the Acc@1 that was found; empty where there is none.
  var publishedNote: String { published.map { " (published: \(fixed($0, 1)) %)" } ?? "" }

  /// What a run's page shows of it.
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

  /// Where an image lies.
  func path(of verdict: Verdict) -> FilePath { folder[verdict.image].path }
}

extension EvaluationReport {
  /// `evaluation.json`: what is not known is left out.
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

  /// Pairs of classes that `evaluation.json` names; `confusion.csv` has all.
  private static let mostPairs = 100

  /// `evaluation.json`, in an order that is the same each time.
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
