import Datasets
import Foundation
import Recipe
import RunControl
import SystemPackage
import Training

/// Makes notes from counts; their length is bounded, whatever the number of classes.
extension EvaluationNote {
  private static let (mostClasses, mostNames, mostPairs) = (200, 100, 100)
  /// The most mistakes with a picture, and the picture's width in pixels.
  private static let (mostPictures, side) = (12, 96)

  /// Makes a note.
  ///
  /// - Parameters:
  /// - confusions: All pairs, the most frequent first.
  /// - mistakes: The most confident first.
  init(
    images: Int, _ tally: ClassTally, _ confusions: [Examination.Cell], _ mistakes: [WorstMistakes.Mistake],
    in folder: ImageFolder, thumbnails: Thumbnails
  ) {
    let names = folder.classes.map(\.description)
    let dead = tally.unpredicted
    let pairs = confusions.map { (label: $0.label, predicted: $0.predicted, images: $0.images) }
    self.init(
      images: images, classCount: names.count,
      classes: Self.worst(of: tally, classes: names.count).map { Class($0, names[$0], tally) },
      neverPredictedCount: dead.count, neverPredicted: dead.prefix(Self.mostNames).map { names[$0] },
      confusions: confusions.prefix(Self.mostPairs).map {
        Pair(label: names[$0.label], predicted: names[$0.predicted], images: $0.images)
      },
      confusion: ConfusionTable(wrong: pairs, right: tally.correct) { names[$0] },
      mistakes: mistakes.enumerated().map { place, mistake in
        Mistake(
          path: folder[mistake.image].path.absolute, label: names[mistake.label],
          predicted: names[mistake.predicted], confidence: Double(mistake.confidence),
          picture: place < Self.mostPictures ? thumbnails.picture(of: mistake.image) : nil)
      })
    balancedAcc = tally.balancedAccuracy
  }

  /// All classes, or those with the lowest recall.
  private static func worst(of tally: ClassTally, classes: Int) -> [Int] {
    classes <= mostClasses ? Array(0..<classes) : tally.worst(mostClasses)
  }

  /// The pictures of a note.
  static func thumbnails(of folder: ImageFolder, _ images: Recipe.Preprocessing) -> Thumbnails {
    Thumbnails(of: folder, images, side: side)
  }
}

extension EvaluationNote.Class {
  fileprivate init(_ index: Int, _ name: String, _ tally: ClassTally) {
    // A folder may have classes for which nothing was counted.
    let isCounted = tally.images.indices.contains(index)
    self.init(
      name: name, images: isCounted ? tally.images[index] : 0,
      predicted: isCounted ? tally.predicted[index] : 0,
      recall: isCounted ? tally.recall(of: index) : nil,
      precision: isCounted ? tally.precision(of: index) : nil)
  }
}

extension FilePath {
  /// The absolute path, for readers in another folder.
  fileprivate var absolute: String {
    FilePath(FileManager.default.currentDirectoryPath).pushing(self).lexicallyNormalized().string
  }
}
