import Foundation
import TestSupport
import Testing

@testable import Training

/// What numpy makes of the same images, by `scripts/goldens/classification.py`.
struct ClassificationGolden: Decodable {
  let classes: Int
  let labels: [Int]
  let predicted: [Int]
  let confidences: [Float]
  let recall: [Double?]
  let precision: [Double?]
  let balanced_accuracy: Double
  let ece: Double

  static func all() throws -> [Self] {
    let url = try Golden.url("classification.json", in: .module)
    return try JSONDecoder().decode([Self].self, from: Data(contentsOf: url))
  }
}

@Suite struct ClassTallyTests {
  private func tally(_ pairs: [(label: Int, predicted: Int)], classes: Int = 0) -> ClassTally {
    pairs.reduce(into: ClassTally(classes: classes)) { $0.count($1.label, predicted: $1.predicted) }
  }

  @Test func `recall, precision and balanced accuracy are numpy's`() throws {
    for golden in try ClassificationGolden.all() {
      let tally = tally(zip(golden.labels, golden.predicted).map { ($0, $1) }, classes: golden.classes)
      #expect((0..<golden.classes).map(tally.recall) == golden.recall)
      #expect((0..<golden.classes).map(tally.precision) == golden.precision)
      #expect(abs(try #require(tally.balancedAccuracy) - 100 * golden.balanced_accuracy) < 1e-10)
    }
  }

  @Test func `always naming the largest of two classes is half right`() {
    let tally = tally((0..<100).map { ($0 < 90 ? 0 : 1, 0) })
    #expect(tally.balancedAccuracy == 50)
    #expect(tally.unpredicted == [1] && tally.worst(3) == [1])
  }

  @Test func `a class without images has no recall and lowers nothing`() {
    let tally = tally([(0, 0), (2, 2)], classes: 4)
    #expect(tally.balancedAccuracy == 100 && tally.recall(of: 1) == nil && tally.precision(of: 3) == nil)
    #expect(tally.unpredicted.isEmpty && tally.worst(3).isEmpty)
  }

  @Test func `without images nothing is made up`() {
    #expect(ClassTally(classes: 3).balancedAccuracy == nil)
  }

  @Test func `the worst class is that of lowest recall, and of equals the one with more images`() {
    let tally = tally([(0, 1), (1, 1), (1, 0), (2, 0), (2, 0), (3, 3)])
    #expect(tally.worst(3) == [2, 0, 1])
  }

  @Test func `parts add up, whatever the classes that each has met`() {
    var sum = tally([(0, 0)])
    sum += tally([(2, 0)])
    #expect(sum == tally([(0, 0), (2, 0)]))
    #expect(ClassTally(counts: sum.counts(classes: 5)[...]) == tally([(0, 0), (2, 0)], classes: 5))
  }
}
