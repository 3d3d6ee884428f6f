/// What was counted over the images of each class: exact, whatever the number of ranks.
public struct ClassTally: Equatable, Sendable {
  /// Images of each class.
  public private(set) var images: [Int] = []
  /// Those of them whose own class had the highest score.
  public private(set) var correct: [Int] = []
  /// Images of any class of which this one had the highest score.
  public private(set) var predicted: [Int] = []

  /// Nothing counted yet.
  public init(classes: Int = 0) { widen(to: classes) }

  /// Counts an image by its class and the one of highest score.
  public mutating func count(_ label: Int, predicted class: Int) {
    widen(to: max(label, `class`) + 1)
    images[label] += 1
    predicted[`class`] += 1
    if label == `class` { correct[label] += 1 }
  }

  /// Adds another part's counts.
  public static func += (tally: inout Self, other: Self) {
    tally.widen(to: other.images.count)
    for index in other.images.indices {
      tally.images[index] += other.images[index]
      tally.correct[index] += other.correct[index]
      tally.predicted[index] += other.predicted[index]
    }
  }

  private mutating func widen(to count: Int) {
    let missing = [Int](repeating: 0, count: max(0, count - images.count))
    images += missing
    correct += missing
    predicted += missing
  }
}

extension ClassTally {
  /// Part of a class's images that were found to be of it; nil where it has none.
  public func recall(of index: Int) -> Double? { Self.part(correct[index], of: images[index]) }

  /// Part of the images that were taken for a class and are of it; nil where none was.
  public func precision(of index: Int) -> Double? { Self.part(correct[index], of: predicted[index]) }

  /// Mean recall of the classes that have images, in percent; nil where none has.
  ///
  /// As scikit-learn's `balanced_accuracy_score`: what is right by always naming the largest class counts for one class.
  public var balancedAccuracy: Double? {
    let recalls = images.indices.compactMap(recall)
    return recalls.isEmpty ? nil : 100 * recalls.reduce(0, +) / Double(recalls.count)
  }

  /// The classes of lowest recall, worst first; none whose images were all found.
  public func worst(_ most: Int) -> [Int] {
    let missed = images.indices.filter { correct[$0] < images[$0] }
    // By recall in whole numbers; among equals, the class that more images were missed of.
    let ordered = missed.sorted { one, other in
      let (left, right) = (correct[one] * images[other], correct[other] * images[one])
      return left == right ? (-images[one], one) < (-images[other], other) : left < right
    }
    return Array(ordered.prefix(most))
  }

  /// The classes with images that no image was taken for.
  public var unpredicted: [Int] { images.indices.filter { images[$0] > 0 && predicted[$0] == 0 } }

  private static func part(_ count: Int, of all: Int) -> Double? {
    all == 0 ? nil : Double(count) / Double(all)
  }
}

extension ClassTally {
  /// All counts of `classes` classes in a row, for a sum over ranks.
  func counts(classes: Int) -> [Int64] {
    var wide = self
    wide.widen(to: classes)
    return (wide.images + wide.correct + wide.predicted).map(Int64.init)
  }

  /// Reads `counts` back.
  init(counts: ArraySlice<Int64>) {
    let counts = counts.map(Int.init)
    let classes = counts.count / 3
    images = Array(counts[..<classes])
    correct = Array(counts[classes..<(2 * classes)])
    predicted = Array(counts[(2 * classes)...])
  }
}
