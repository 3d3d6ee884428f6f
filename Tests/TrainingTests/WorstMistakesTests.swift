import Collective
import Recipe
import Testing
import Torch

@testable import Training

@Suite struct WorstMistakesTests {
  private func mistake(_ image: Int, _ confidence: Float) -> WorstMistakes.Mistake {
    WorstMistakes.Mistake(image: image, label: image % 3, predicted: image % 3 + 1, confidence: confidence)
  }

  private func collected(_ mistakes: some Sequence<WorstMistakes.Mistake>) -> WorstMistakes {
    mistakes.reduce(into: WorstMistakes()) { $0.add($1) }
  }

  @Test func `the most confident are kept, of equals those that come first, in whatever order they come`() {
    // Four images of each confidence.
    let all = (0..<200).map { mistake($0, Float($0 / 4) / 50) }
    let expected = (0..<6).flatMap { group in (0..<4).map { 196 - 4 * group + $0 } }
    #expect(WorstMistakes.most == 24)
    for order in [all, all.reversed(), all.shuffled()] {
      #expect(collected(order).list.map(\.image) == expected)
    }
  }

  @Test func `parts add up to the same, and pass between ranks as they are`() {
    let all = (0..<90).map { mistake($0, Float($0 * 37 % 90) / 90) }
    var sum = WorstMistakes()
    for part in [all[..<10], all[10..<80], all[80...]] {
      sum += WorstMistakes(bytes: collected(part).bytes)
    }
    #expect(sum == collected(all))
    #expect(WorstMistakes(bytes: []) == WorstMistakes())
  }

  @Test func `scores that are no numbers tell of no mistake`() {
    #expect(collected([mistake(0, .nan), mistake(1, 0.5), mistake(2, .infinity)]).list.map(\.image) == [1])
  }

  @Test func `a tally's mistakes are those of the verdicts`() throws {
    let evaluator = Evaluator(recipe: Recipe(), group: SoloGroup(), on: .cpu)
    let batch = RuleBatch(step: 0, count: 64).share(of: 0)
    let network = try makeRuleNetwork()
    let tally = evaluator.tally(batch, by: network)
    let (same, verdicts) = evaluator.verdicts(batch, by: network)
    let expected = Examination(verdicts, classes: 10).mistakes.prefix(WorstMistakes.most)
    #expect(!expected.isEmpty && expected.count == tally.mistakes.list.count)
    for (mistake, verdict) in zip(tally.mistakes.list, expected) {
      #expect(abs(mistake.confidence - verdict.confidence) < 1e-5)
    }
    #expect(same.tally().mistakes.list.map(\.image) == expected.map(\.image))
    #expect(tally.confusions.cells == Examination(verdicts, classes: 10).confusions)
    let sum = try evaluator.sum(tally, classes: 10)
    #expect(sum.confusions == tally.confusions && sum.mistakes == tally.mistakes)
  }

  @Test func `pairs of classes pass between ranks as they are, the most frequent first`() {
    var (own, other) = (ConfusionTally(), ConfusionTally())
    for (label, predicted) in [(0, 1), (2, 1), (0, 1), (9_999, 3)] { own.count(label, predicted: predicted) }
    for _ in 0..<2 { other.count(2, predicted: 1) }
    other += ConfusionTally(bytes: own.bytes[...])
    #expect(
      other.cells.map { [$0.label, $0.predicted, $0.images] } == [[2, 1, 3], [0, 1, 2], [9_999, 3, 1]])
    #expect(ConfusionTally(bytes: []) == ConfusionTally())
  }
}
