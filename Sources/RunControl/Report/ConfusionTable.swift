/// The confusion matrix of the classes that are confused most.
package struct ConfusionTable: Codable, Equatable, Sendable {
  /// The classes shown, in the order of rows and columns.
  package let names: [String]
  /// Numbers of images by label, then by predicted class.
  package let counts: [[Int]]
  /// The number of all classes that occurred.
  package let classes: Int

  /// The most classes that are legible on a page.
  package static let mostClasses = 24
  /// An upper bound of an evaluation's images.
  private static let mostImages = 1 << 32

  /// The number of images of one class that were predicted as another.
  package typealias Pair = (label: Int, predicted: Int, images: Int)

  /// Makes the table from wrong answers and each class's right answers; nil if no class occurred.
  package init?(wrong pairs: [Pair], right: [Int], name: (Int) -> String) {
    var wrong: [Int: Int] = [:]
    for (number, images) in right.enumerated() where images > 0 { wrong[number] = 0 }
    for pair in pairs {
      wrong[pair.label, default: 0] += pair.images
      wrong[pair.predicted, default: 0] += pair.images
    }
    guard !wrong.isEmpty else { return nil }
    let worst = wrong.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.mostClasses).map(\.key)
    let shown = worst.sorted()
    let places = Dictionary(uniqueKeysWithValues: shown.enumerated().map { ($1, $0) })
    var counts = shown.map { row in
      shown.map { $0 == row && right.indices.contains(row) ? right[row] : 0 }
    }
    for pair in pairs {
      guard let row = places[pair.label], let column = places[pair.predicted] else { continue }
      counts[row][column] += pair.images
    }
    (names, self.counts, classes) = (shown.map(name), counts, wrong.count)
  }

  /// Whether the table can be drawn, since a file may contain anything.
  var isSound: Bool {
    names.count <= Self.mostClasses && counts.count == names.count
      && counts.allSatisfy { row in
        row.count == names.count && row.allSatisfy { (0...Self.mostImages).contains($0) }
      }
  }
}
