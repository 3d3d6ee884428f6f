/// How often images of a class were taken for each, of the classes that are confused most.
package struct ConfusionTable: Codable, Equatable, Sendable {
  /// The classes shown, in the order of the rows and columns.
  package let names: [String]
  /// By label and then by what it was taken for.
  package let counts: [[Int]]
  /// All classes that came up.
  package let classes: Int

  /// More cannot be told apart on a page.
  package static let mostClasses = 24
  /// No evaluation has more.
  private static let mostImages = 1 << 32

  /// Images of a class that were taken for another.
  package typealias Pair = (label: Int, predicted: Int, images: Int)

  /// Of wrong answers, and of the right ones of each class; nil where no class came up.
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

  /// Whether it is one that can be drawn: a file may say anything.
  var isSound: Bool {
    names.count <= Self.mostClasses && counts.count == names.count
      && counts.allSatisfy { row in
        row.count == names.count && row.allSatisfy { (0...Self.mostImages).contains($0) }
      }
  }
}
