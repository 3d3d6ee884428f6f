/// An evaluation image by image: the same whatever the number of ranks that made it.
public struct Examination: Equatable, Sendable {
  /// What was said of each image, in the order of the folder.
  public let verdicts: [Verdict]
  /// Counts by classes.
  public let classes: ClassTally

  /// Of verdicts in any order, over so many classes.
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
  /// How far confidence is from accuracy.
  public var calibration: Calibration { Calibration(verdicts) }

  /// Images of wrong answers, the most confident first; of equals in the order of the folder.
  public var mistakes: [Verdict] {
    verdicts.filter { !$0.isCorrect }.sorted { one, other in
      one.confidence == other.confidence ? one.image < other.image : one.confidence > other.confidence
    }
  }

  /// Images of one class that were taken for one.
  public struct Cell: Hashable, Sendable {
    /// Their class.
    public let label: Int
    /// What they were taken for.
    public let predicted: Int
    /// How many there are, at least one.
    public let images: Int
  }

  /// The confusion matrix without its zeros, by class and then by what it was taken for.
  public var confusion: [Cell] {
    Dictionary(grouping: verdicts) { [$0.label, $0.predicted] }
      .map { Cell(label: $0.key[0], predicted: $0.key[1], images: $0.value.count) }
      .sorted { ($0.label, $0.predicted) < ($1.label, $1.predicted) }
  }

  /// The cells of mistakes, the most frequent first.
  public var confusions: [Cell] {
    confusion.filter { $0.label != $0.predicted }.sorted { one, other in
      (-one.images, one.label, one.predicted) < (-other.images, other.label, other.predicted)
    }
  }

  private func percent(_ count: Int) -> Double? {
    verdicts.isEmpty ? nil : 100 * Double(count) / Double(verdicts.count)
  }
}
