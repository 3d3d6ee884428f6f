import System

/// How often images of a class were taken for each: of `confusion.csv`, the classes that are confused most.
struct ConfusionTable: Equatable, Sendable {
  /// The classes shown, in the order of the rows and columns.
  let names: [String]
  /// By label and then by what it was taken for.
  let counts: [[Int]]
  /// All classes that came up.
  let classes: Int

  /// More cannot be told apart on a page.
  static let mostClasses = 24
  /// No evaluation has more, and the sum of as many as a file names is still a number.
  private static let mostImages = 1 << 32

  /// Nil where the table has no rows, or none that can be read.
  init?(_ bytes: some Collection<UInt8>) {
    let cells = commaSeparatedRows(bytes).dropFirst().compactMap {
      row -> (label: String, taken: String, images: Int)? in
      guard row.count == 3, let images = Int(row[2]), (0...Self.mostImages).contains(images) else {
        return nil
      }
      return (row[0], row[1], images)
    }
    guard !cells.isEmpty else { return nil }
    var wrong: [String: Int] = [:]
    for cell in cells {
      for name in [cell.label, cell.taken] {
        wrong[name, default: 0] += cell.label == cell.taken ? 0 : cell.images
      }
    }
    let worst = wrong.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.mostClasses).map(\.key)
    let names = worst.sorted()
    let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    var counts = [[Int]](repeating: [Int](repeating: 0, count: names.count), count: names.count)
    for cell in cells {
      guard let row = places[cell.label], let column = places[cell.taken] else { continue }
      counts[row][column] += cell.images
    }
    (self.names, self.counts, classes) = (names, counts, wrong.count)
  }
}
