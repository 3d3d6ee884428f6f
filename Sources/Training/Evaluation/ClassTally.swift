/// Images counted by class; exact, whatever the number of ranks.
public struct ClassTally: Equatable, Sendable {
  /// Images of each class.
  public private(set) var images: [Int] = []
  /// The images of each class whose own class had the highest score.
  public private(set) var correct: [Int] = []
  /// The images, of any class, for which this class had the highest score.
  public private(set) var predicted: [Int] = []

  /// Makes a tally of zeros.
  public init(classes: Int = 0) { widen(to: classes) }

  /// Counts an image by its class and its predicted class.
  public mutating func count(_ label: Int, predicted class: Int) {
    widen(to: max(label, `class`) + 1)
    images[label] += 1
    predicted[`class`] += 1
    if label == `class` { correct[label] += 1 }
  }

  /// Adds the counts of another part of the images.
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
  /// The share of a class's images that were predicted as it; nil where it has no images.
  public func recall(of index: Int) -> Double? { Self.part(correct[index], of: images[index]) }

  /// The share of the images predicted as a class that belong to it; nil where none was predicted.
  public func precision(of index: Int) -> Double? { Self.part(correct[index], of: predicted[index]) }

  /// Mean recall of the classes that have images, in percent; nil where none has.
  ///
  /// As scikit-learn's `balanced_accuracy_score`: always predicting the largest class scores as one class
  /// found.
  public var balancedAccuracy: Double? {
    let recalls = images.indices.compactMap(recall)
    return recalls.isEmpty ? nil : 100 * recalls.reduce(0, +) / Double(recalls.count)
  }

  /// The `most` classes with the lowest recall, worst first; classes whose images were all found are left
  /// out.
  public func worst(_ most: Int) -> [Int] {
    let missed = images.indices.filter { correct[$0] < images[$0] }
    // Compares recalls exactly, as cross products; among equals, the class with more missed images comes
    // first.
    let ordered = missed.sorted { one, other in
      let (left, right) = (correct[one] * images[other], correct[other] * images[one])
      return left == right ? (-images[one], one) < (-images[other], other) : left < right
    }
    return Array(ordered.prefix(most))
  }

  /// The classes that have images but were never predicted.
  public var unpredicted: [Int] { images.indices.filter { images[$0] > 0 && predicted[$0] == 0 } }

  private static func part(_ count: Int, of all: Int) -> Double? {
    all == 0 ? nil : Double(count) / Double(all)
  }
}

extension ClassTally {
  /// All counts of `classes` classes in one array, to be summed over ranks.
  func counts(classes: Int) -> [Int64] {
    var wide = self
    wide.widen(to: classes)
    return (wide.images + wide.correct + wide.predicted).map(Int64.init)
  }

  /// Decodes `counts`.
  init(counts: ArraySlice<Int64>) {
    let counts = counts.map(Int.init)
    let classes = counts.count / 3
    images = Array(counts[..<classes])
    correct = Array(counts[classes..<(2 * classes)])
    predicted = Array(counts[(2 * classes)...])
  }
}
