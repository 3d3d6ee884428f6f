/// An evaluation's result for every image; it does not depend on the number of ranks.
public struct Examination: Equatable, Sendable {
  /// One verdict per image, in the order of the folder.
  public let verdicts: [Verdict]
  /// The images counted by class.
  public let classes: ClassTally

  /// Collects verdicts, in any order, over `classes` classes.
  public init(_ verdicts: [Verdict], classes: Int) {
    self.verdicts = verdicts.sorted { $0.image < $1.image }
    self.classes = verdicts.reduce(into: ClassTally(classes: classes)) { tally, verdict in
      tally.count(verdict.label, predicted: verdict.predicted)
    }
  }

  /// Percentage of images whose class had the highest score; nil without images.
  public var accuracy1: Double? { percent(verdicts.count(where: \.isCorrect)) }
  /// Percentage of images whose class was among the five highest; nil without images.
  public var accuracy5: Double? { percent(verdicts.count(where: \.isAmongFive)) }
  /// Mean cross-entropy of an image, summed in the order of the folder; nil without images.
  public var meanLoss: Double? {
    verdicts.isEmpty ? nil : verdicts.reduce(0) { $0 + $1.loss } / Double(verdicts.count)
  }
  /// Confidence compared with accuracy.
  public var calibration: Calibration { Calibration(verdicts) }

  /// Wrong answers, the most confident first; among equals, in the order of the folder.
  public var mistakes: [Verdict] {
    verdicts.filter { !$0.isCorrect }.sorted { one, other in
      one.confidence == other.confidence ? one.image < other.image : one.confidence > other.confidence
    }
  }

  /// The images of one class that were predicted as the same class.
  public struct Cell: Hashable, Sendable {
    /// The class of the images.
    public let label: Int
    /// The class that was predicted.
    public let predicted: Int
    /// The number of images, at least one.
    public let images: Int
  }

  /// The non-zero cells of the confusion matrix, by class and then by predicted class.
  public var confusion: [Cell] {
    Dictionary(grouping: verdicts) { [$0.label, $0.predicted] }
      .map { Cell(label: $0.key[0], predicted: $0.key[1], images: $0.value.count) }
      .sorted { ($0.label, $0.predicted) < ($1.label, $1.predicted) }
  }

  /// The cells of wrong answers, the most frequent first.
  public var confusions: [Cell] {
    confusion.filter { $0.label != $0.predicted }.sorted { one, other in
      (-one.images, one.label, one.predicted) < (-other.images, other.label, other.predicted)
    }
  }

  private func percent(_ count: Int) -> Double? {
    verdicts.isEmpty ? nil : 100 * Double(count) / Double(verdicts.count)
  }
}
